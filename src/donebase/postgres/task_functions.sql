-- What PostgreSQL itself can say of a task: its text as it is searched and sorted, and the moment when it is due.
-- `postgres/task_functions.py` reads this file and fills in the characters.
--
-- The trigger of every insert and of every changed text calls `searchable`. PostgreSQL prepares each expression of a
-- function anew in each transaction, so that there are few. `translate` compares each character of a text with each of its
-- list, a regular expression looks each up once: a long list is used only where the text has a character of it.

-- Return a text without case and accents, for text that is searched or sorted. U+0001 stays: it separates texts.
-- It is the same on every PostgreSQL, whatever the locale and the version: only `normalize` knows Unicode, whose
-- decompositions never change, and everything else is in the lists.
CREATE OR REPLACE FUNCTION folded_texts(texts text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    rare text;
BEGIN
    IF octet_length(texts) = char_length(texts) THEN  -- ASCII
        RETURN lower(texts COLLATE "C");
    END IF;
    texts := regexp_replace(normalize(texts, NFKD), '{removed}' COLLATE "C", '', 'g');
    IF texts ~ '{any_of_common}' COLLATE "C" THEN
        texts := replace(translate(texts, '{common}', '{common_folded}'), 'ß', 'ss');
    END IF;
    IF texts ~ '{any_of_rare}' COLLATE "C" THEN
        SELECT string_agg(DISTINCT letter COLLATE "C", '') INTO rare
            FROM unnest(string_to_array(regexp_replace(texts, '{none_of_rare}' COLLATE "C", '', 'g'), NULL)) AS letter;
        texts := translate(texts, rare, translate(rare, '{rare}', '{rare_folded}'));
    END IF;
    RETURN lower(texts COLLATE "C");
END $$;

-- Return a text as it is searched and sorted: without case, accents and U+0001.
CREATE OR REPLACE FUNCTION folded(original text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql AS $$
    SELECT folded_texts(replace(original, E'\x01', ''))
$$;

-- Return what a search looks through: title, description and each tag, folded, with U+0001 between them.
CREATE OR REPLACE FUNCTION searchable(title text, description text, tags text[]) RETURNS text
IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
DECLARE
    texts text := title || E'\x01' || coalesce(description, '') || E'\x01' || array_to_string(tags, E'\x01');
BEGIN
    IF strpos(title || coalesce(description, '') || array_to_string(tags, ''), E'\x01') > 0 THEN
        RETURN searchable(
            replace(title, E'\x01', ''),
            replace(description, E'\x01', ''),
            ARRAY(SELECT replace(tag, E'\x01', '') FROM unnest(tags) WITH ORDINALITY AS each (tag, place) ORDER BY place)
        );
    END IF;
    -- ASCII is folded here as well: most tasks are, and the call would take as long as all that it does.
    RETURN CASE WHEN octet_length(texts) = char_length(texts) THEN lower(texts COLLATE "C") ELSE folded_texts(texts) END;
END $$;

-- Return the name under which every PostgreSQL has a time zone. Former names are links, which Debian has in a package of their
-- own, and PostgreSQL takes some of them for abbreviations, which have no summer time and no past.
CREATE OR REPLACE FUNCTION canonical_time_zone(name text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce('{canonical_names}'::jsonb ->> name, name)
$$;

-- Return the moment at which a task is overdue: when its day is over in the given zone, when its local time has come there,
-- or when its time has come in its own zone. A time that occurs twice, as clocks are set back, is the first; one that does
-- not exist, as they are set forward, is as if they had not been. Null where the task is not due, or nothing can be read.
--
-- It costs microseconds, so that a list asks it for few tasks. No zone is 16 hours from UTC: with the UTC date of now, a
-- task whose date is before yesterday is overdue, and one whose date is after tomorrow is not.
CREATE OR REPLACE FUNCTION due_moment(due jsonb, time_zone text) RETURNS timestamptz IMMUTABLE STRICT LANGUAGE plpgsql AS $$
DECLARE
    at text := due ->> 'time';
    place text := canonical_time_zone(
        CASE WHEN at IS NULL THEN time_zone ELSE coalesce(due ->> 'time_zone', time_zone) END
    );
    clock timestamp;
    moment timestamptz;
    former timestamptz;
BEGIN
    IF due ->> 'date' !~ '^\d{4}-\d\d-\d\d$' OR at !~ '^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$' THEN
        RETURN NULL;
    END IF;
    clock := (due ->> 'date')::date + coalesce(at::interval, '1 day');
    moment := timezone(place, clock);
    -- PostgreSQL takes the second of two. The first is reckoned from the day before, when the clocks had not been set back.
    former := timezone(place, clock - interval '1 day') + interval '24 hours';
    RETURN CASE WHEN former < moment AND timezone(place, former) = clock THEN former ELSE moment END;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
