"""The tags of a user's tasks, where the address names the user."""

from donebase.core.tags import TagList
from donebase.http.parameters import Database, IfNoneMatch, Owner
from donebase.http.tag_list import TagsAnswer, tag_list


async def list_tags(database: Database, owner: Owner, if_none_match: IfNoneMatch = ()) -> TagsAnswer:
    """List the tags of this user's tasks, each with how many open and how many completed tasks have it."""
    return await tag_list(TagList(database, owner, if_none_match))
