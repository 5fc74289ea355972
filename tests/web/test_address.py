"""The address of the page says what is shown: what is written is read again, and whatever is typed can be read."""

import random
from itertools import product

from tests.support.web_modules import Modules
from tests.support.web_page import Json

READ = "({ readAddress }, searches) => searches.map((search) => readAddress(search))"
WRITTEN = "({ addressOf }, addresses) => addresses.map(addressOf)"
EVERYTHING: Json = {"show": "all", "tag": None, "q": "", "sort": "order"}
NOTHING: Json = {"user": None, "filter": EVERYTHING, "lang": None}
TEXTS = ["milk two", "a&b=c", "100%", "+", "?#/", "שלום", "\u202e", "😀", "é\u0301", " ", "null", "\n\x01", "x" * 999]


def test_what_is_written_is_read_again(modules: Modules) -> None:
    shows, sorts = ("all", "open", "done", "overdue", "today"), ("order", "due", "priority", "title", "created")
    draw = random.Random(15)  # noqa: S311 - the same in each run
    addresses = [
        {
            "user": draw.choice((None, 1, 7, 2**53 - 1)),
            "filter": {
                "show": show,
                "tag": draw.choice((None, *TEXTS)),
                "q": draw.choice(("", *TEXTS)),
                "sort": sort,
            },
            "lang": draw.choice((None, "en", "ar")),
        }
        for show, sort, _ in product(shows, sorts, range(20))
    ]
    written: list[str] = modules.run("address.js", WRITTEN, addresses)
    assert modules.run("address.js", READ, written) == addresses
    # The path of the page in front of it: a browser sends the same query.
    in_full = "(_, written) => written.map((each) => new URL(each, 'http://a/b').search)"
    assert modules.run("address.js", READ, modules.run("address.js", in_full, written)) == addresses


def test_what_goes_without_saying_is_left_out(modules: Modules) -> None:
    filter_ = {**EVERYTHING, "show": "open", "tag": "a b"}
    assert modules.run("address.js", WRITTEN, [NOTHING, {**NOTHING, "user": 1, "filter": filter_, "lang": "ar"}]) == [
        "./",  # "" would leave the query as it is
        "?user=1&show=open&tag=a+b&lang=ar",
    ]


def test_whatever_means_nothing_is_as_if_it_were_left_out(modules: Modules) -> None:
    garbage = [
        *("", "?", "garbage", "?=&&=", "?%", "?%E0%A4%A", "?q", "?tag=", "?" + "&" * 1000, "?__proto__=1", "?q=&tag"),
        *(f"?user={user}" for user in ("", "0", "-1", "01", "1e3", "1.5", "NaN", "me", " 1", "٣", "9" * 30, 2**53)),
        *(f"?show={show}" for show in ("", "everything", "All", "constructor", "toString", "__proto__", "open,done")),
        *(f"?sort={sort}" for sort in ("", "-due", "updated", "valueOf")),
        *(f"?lang={lang}" for lang in ("", "de", "EN", "ar-EG", "x!")),
    ]
    assert modules.run("address.js", READ, garbage) == [NOTHING] * len(garbage)


def test_the_first_of_several_counts(modules: Modules) -> None:
    [found] = modules.run("address.js", READ, ["?user=1&user=2&q=a&q=b&show=done&show=open&else=1"])
    assert found == {**NOTHING, "user": 1, "filter": {**EVERYTHING, "q": "a", "show": "done"}}
