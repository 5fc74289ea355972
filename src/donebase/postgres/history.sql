-- The history: triggers on tasks number every change of an owner, and keep what was there before and after.
-- `postgres/history.py` reads this file and fills in what depends on the columns of a task.
--
-- Every write pays for what is here. PostgreSQL prepares each expression of a function anew in each transaction, so there are
-- few. It parses a WHEN of a trigger, and each CHECK of a table, anew in each statement: what they would say is said here.

-- Move the clock of an owner on, once in a transaction, into `number`. The transaction is known by its id and its start: a
-- restored database counts its transactions anew. This is a part of each function, because a call would cost every write
-- more, and because Citus copies the functions of triggers to its workers, but not what they call.
-- next_change:
    UPDATE users SET clock = clock + 1, clock_xact = txid_current(), updated_at = now()
        WHERE id = {row}.user_id AND clock_xact IS DISTINCT FROM txid_current()
        RETURNING clock INTO number;
    IF number IS NULL THEN  -- moved already, as by a statement that changes many tasks, or there is no such user yet
        SELECT clock INTO number FROM users
            WHERE id = {row}.user_id AND clock_xact = txid_current() AND updated_at = now();
        IF number IS NULL THEN
            IF {row}.user_id < 1 THEN
                RAISE 'the id of a user must be positive' USING ERRCODE = 'check_violation';
            END IF;
            INSERT INTO users AS u (id, clock, clock_xact) VALUES ({row}.user_id, 1, txid_current())
                ON CONFLICT (id) DO UPDATE SET clock = u.clock + 1, clock_xact = txid_current(), updated_at = now()
                RETURNING clock INTO number;
        END IF;
    END IF;

CREATE OR REPLACE FUNCTION record_task_created() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    {next_change_of_new}
    NEW.version := number;
    NEW.completed_at := CASE WHEN NEW.completed THEN coalesce(NEW.completed_at, NEW.updated_at) END;
    {search_of_new}
    INSERT INTO history (user_id, change, task_id, at, after)
        VALUES (NEW.user_id, number, NEW.id, NEW.updated_at, jsonb_build_object(
            {created},
            'completed_at', timezone('UTC', NEW.completed_at),
            'created_at', timezone('UTC', NEW.created_at)
        ));
    RETURN NEW;
END $$;

-- `updated_at` never moves backwards, though the clock can be set back and a statement can wait for another's lock.
CREATE OR REPLACE FUNCTION record_task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    former jsonb;
    latter jsonb;
BEGIN
    IF NEW.user_id <> OLD.user_id OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at THEN
        RAISE 'the owner, the id and the time of creation of a task cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.updated_at := greatest(now(), OLD.updated_at + interval '1 microsecond');
    IF NEW.completed <> OLD.completed THEN
        NEW.completed_at := CASE WHEN NEW.completed THEN coalesce(NEW.completed_at, NEW.updated_at) END;
        former := jsonb_build_object('completed', OLD.completed, 'completed_at', timezone('UTC', OLD.completed_at));
        latter := jsonb_build_object('completed', NEW.completed, 'completed_at', timezone('UTC', NEW.completed_at));
    ELSIF NEW.completed_at IS DISTINCT FROM OLD.completed_at THEN
        NEW.completed_at := CASE WHEN NEW.completed THEN coalesce(NEW.completed_at, OLD.completed_at) END;
        IF NEW.completed_at <> OLD.completed_at THEN
            former := jsonb_build_object('completed_at', timezone('UTC', OLD.completed_at));
            latter := jsonb_build_object('completed_at', timezone('UTC', NEW.completed_at));
        END IF;
    END IF;
    {changed}
    IF latter IS NULL THEN
        RETURN OLD;
    END IF;
    {next_change_of_new}
    NEW.version := number;
    IF number = OLD.version THEN
        -- Several statements of a transaction are one change, of the members that differ in the end.
        UPDATE history SET at = NEW.updated_at, before = former || before, after = after || latter
            WHERE user_id = NEW.user_id AND change = number AND task_id = NEW.id;
        UPDATE history SET before = before - same.members, after = after - same.members
            FROM (
                SELECT coalesce(array_agg(was.key), '{{}}') AS members
                FROM history AS h, jsonb_each(h.before) AS was
                WHERE h.user_id = NEW.user_id AND h.change = number AND h.task_id = NEW.id
                    AND h.after -> was.key = was.value
            ) AS same
            WHERE user_id = NEW.user_id AND change = number AND task_id = NEW.id;
    ELSE
        INSERT INTO history (user_id, change, task_id, at, before, after)
            VALUES (NEW.user_id, number, NEW.id, NEW.updated_at, former, latter);
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION record_task_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    setting text;
    moment timestamptz := greatest(now(), OLD.updated_at + interval '1 microsecond');
    former jsonb := jsonb_build_object(
        {deleted},
        'completed_at', timezone('UTC', OLD.completed_at),
        'version', OLD.version,
        'created_at', timezone('UTC', OLD.created_at),
        'updated_at', timezone('UTC', OLD.updated_at)
    );
BEGIN
    {next_change_of_old}
    setting := set_config('donebase.change', number::text, true);
    IF number = OLD.version THEN
        -- A task that the transaction created was not there before, one that it changed has kept what was.
        UPDATE history SET at = moment, before = former || before, after = NULL
            WHERE user_id = OLD.user_id AND change = number AND task_id = OLD.id;
    ELSE
        INSERT INTO history (user_id, change, task_id, at, before)
            VALUES (OLD.user_id, number, OLD.id, moment, former);
    END IF;
    RETURN OLD;
END $$;

-- Return the number of the change in which this transaction has deleted a row with this version: a statement that deletes
-- can only return the row as it was. Citus takes no other than immutable functions there, and because of the argument
-- nobody calls this before the row is deleted.
CREATE OR REPLACE FUNCTION deleted_by_change(version bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN current_setting('donebase.change');
END $$;
