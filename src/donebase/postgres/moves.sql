-- Moves: a task gets an order that is strictly between those of its new neighbours.
-- docs/decisions/0035-moves.md gives the reasons. A task whose `order` is null has its id as its order.

-- Return the first of `number` orders between two others, which can be infinite, and the step from each to the next: a
-- null step where there is no room. They are multiples of a power of two, so that they are short and exact, and no gap is
-- less than half a step. Several orders need room for later moves between them, the more the more they are: then few tasks
-- are renumbered a move, however many moves there are. Beyond 1e290, and in gaps below 1e-280, there is no room: arithmetic
-- would fail there.
CREATE OR REPLACE FUNCTION orders_between(lo float8, hi float8, number int, OUT first float8, OUT step float8)
IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
    room float8 := CASE WHEN number = 1 THEN 1 ELSE least(2^8 * number^2, 2^30) END;
BEGIN
    IF lo = '-Infinity' AND abs(hi) < 1e290 THEN
        lo := hi - (number + 1) * greatest(2^49, abs(hi) * greatest(room, 2^8)) / 2^49;
    ELSIF hi = 'Infinity' AND abs(lo) < 1e290 THEN
        hi := lo + (number + 1) * greatest(2^49, abs(lo) * greatest(room, 2^8)) / 2^49;
    END IF;
    lo := greatest(lo, -1e290);
    hi := least(hi, 1e290);
    IF lo < hi AND hi - lo > 1e-280 THEN
        step := 2 ^ floor(ln((hi - lo) / (number + 1)) / ln(2::float8));
        first := round((lo + hi) / 2 / step - (number - 1) / 2::float8) * step + 0;
        IF step < greatest(abs(lo), abs(hi)) / 2^51 * room OR first <= lo OR first + (number - 1) * step >= hi THEN
            step := NULL;
        END IF;
    END IF;
END $$;

-- Find a few neighbours of a gap, all after it or all before it, that can be renumbered so that there is room in it. Return
-- their ids with that of the task that is moved there, in their new order, and their orders as `orders_between` does.
CREATE OR REPLACE FUNCTION orders_around(
    owner bigint, moved bigint, place text, neighbour bigint, OUT ids bigint[], OUT first float8, OUT step float8
) LANGUAGE plpgsql AS $$
DECLARE
    others bigint[];
    orders float8[];
    next float8;
    gap int;  -- so many tasks are before it
    size int := 0;
    is_before boolean := true;
    low int;
    high int;
BEGIN
    SELECT array_agg(id ORDER BY number, id), array_agg(number ORDER BY number, id), greatest(max(id), moved) + 1::float8
        INTO others, orders, next
        FROM (SELECT id, coalesce("order", id) AS number FROM tasks WHERE user_id = owner AND id <> moved) AS other;
    gap := CASE place
        WHEN 'first' THEN 0
        WHEN 'before' THEN array_position(others, neighbour) - 1
        WHEN 'after' THEN array_position(others, neighbour)
        ELSE cardinality(others)
    END;
    WHILE step IS NULL LOOP
        is_before := NOT is_before;
        IF is_before THEN
            low := greatest(gap - size, 0);
            high := gap;
        ELSE
            size := size + 1 + size / 4;
            low := gap;
            high := least(gap + size, cardinality(others));
        END IF;
        SELECT * INTO first, step FROM orders_between(
            coalesce(orders[low], '-Infinity'),
            coalesce(orders[high + 1], CASE WHEN next <= orders[low] THEN 'Infinity' ELSE next END),
            high - low + 1
        );
    END LOOP;
    ids := others[low + 1:gap] || moved || others[gap + 1:high];
END $$;

-- Move a task of an owner (null: the owner of the task) `before` or `after` a neighbour, or `first` or `last`, if it has
-- one of the versions (null: any). Return the task as it is then, and what was done: `moved`, or `in place` if it was
-- between these neighbours already, `other version`, `no neighbour`. Return no row if there is no such task, and if the
-- request was `seen`.
--
-- Locks are taken in the order of all statements: tasks by id, then the user. Whoever has locked the user sees all changes
-- with smaller numbers, and makes the next one: no other change comes between what is read here and what is written. Only
-- then is it known which neighbours have to be renumbered. One that is locked by a transaction that waits for the user must
-- not be waited for: the exception releases all locks, and the next round begins by locking these neighbours as well. The
-- moves of an owner come one after the other, so that they do not cause each other such rounds.
CREATE OR REPLACE FUNCTION move_task(
    owner bigint, moved bigint, place text, neighbour bigint, versions bigint[], seen boolean
) RETURNS TABLE (outcome text, task tasks) LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY[moved];
    pivot float8;
    lo float8;
    hi float8;
    next float8;
    first float8;
    step float8;
BEGIN
    IF seen THEN
        RETURN;
    END IF;
    IF owner IS NULL THEN
        SELECT user_id INTO owner FROM tasks WHERE id = moved;
    END IF;
    PERFORM pg_advisory_xact_lock(x'6d6f7665'::int, hashint8(owner));
    LOOP
        BEGIN
            PERFORM FROM tasks WHERE user_id = owner AND id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
            PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
            SELECT * INTO task FROM tasks WHERE user_id = owner AND id = moved;
            IF task.id IS NULL THEN
                RETURN;
            END IF;
            pivot := CASE place
                WHEN 'first' THEN '-Infinity'
                WHEN 'last' THEN 'Infinity'
                ELSE (SELECT coalesce("order", id) FROM tasks WHERE user_id = owner AND id = neighbour AND id <> moved)
            END;
            IF place IN ('first', 'after') THEN
                lo := pivot;
                SELECT coalesce(min(coalesce("order", id)), 'Infinity') INTO hi FROM tasks
                    WHERE user_id = owner AND id <> moved AND (coalesce("order", id), id) > (pivot, coalesce(neighbour, 0));
            ELSE
                hi := pivot;
                SELECT coalesce(max(coalesce("order", id)), '-Infinity') INTO lo FROM tasks
                    WHERE user_id = owner AND id <> moved AND (coalesce("order", id), id) < (pivot, coalesce(neighbour, 0));
            END IF;
            outcome := CASE
                WHEN pivot IS NULL THEN 'no neighbour'
                WHEN task.version <> ALL (versions) THEN 'other version'
                WHEN lo < coalesce(task."order", moved) AND coalesce(task."order", moved) < hi THEN 'in place'
                ELSE 'moved'
            END;
            IF outcome = 'moved' THEN
                IF hi = 'Infinity' THEN  -- leave room for further moves, all before the next task to be created
                    SELECT max(id) + 1::float8 INTO next FROM tasks WHERE user_id = owner;
                    hi := CASE WHEN next > lo THEN lo + (next - lo) / 32 ELSE hi END;
                END IF;
                SELECT * INTO first, step FROM orders_between(lo, hi, 1);
                ids := ARRAY[moved];
                IF step IS NULL THEN
                    SELECT * INTO ids, first, step FROM orders_around(owner, moved, place, neighbour);
                    IF (SELECT count(*) FROM (
                        SELECT FROM tasks WHERE user_id = owner AND id = ANY (ids) FOR NO KEY UPDATE SKIP LOCKED
                    ) AS locked) < cardinality(ids) THEN
                        RAISE SQLSTATE 'DBMOV';
                    END IF;
                    IF first + (array_position(ids, moved) - 1) * step = coalesce(task."order", moved) THEN
                        first := first + step / 4;  -- the answer to a change is a task that has changed
                    END IF;
                    UPDATE tasks SET "order" = first + (renumbered.place - 1) * step
                        FROM unnest(ids) WITH ORDINALITY AS renumbered (id, place)
                        WHERE user_id = owner AND tasks.id = renumbered.id AND tasks.id <> moved;
                END IF;
                UPDATE tasks SET "order" = first + (array_position(ids, moved) - 1) * step
                    WHERE user_id = owner AND id = moved RETURNING tasks.* INTO task;
            END IF;
            RETURN NEXT;
            RETURN;
        EXCEPTION WHEN SQLSTATE 'DBMOV' THEN
        END;
    END LOOP;
END $$;
