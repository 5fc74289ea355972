-- The history: triggers on tasks number every change of an owner, and keep what was there before and after.
-- `postgres/history.py` reads this file and fills in what depends on the columns of a task.

-- Return the number of this transaction's change where the row of the owner could not be moved on: it has been already, as
-- by a statement that changes many tasks, or there is none yet, and it is made.
CREATE OR REPLACE FUNCTION current_change(owner bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    SELECT clock INTO number FROM users WHERE id = owner AND clock_xact = txid_current() AND updated_at = now();
    IF number IS NULL THEN
        INSERT INTO users AS u (id, clock, clock_xact) VALUES (owner, 1, txid_current())
            ON CONFLICT (id) DO UPDATE SET clock = u.clock + 1, clock_xact = txid_current(), updated_at = now()
            RETURNING clock INTO number;
    END IF;
    RETURN number;
END $$;

CREATE OR REPLACE FUNCTION record_task_created() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    {next_change_of_new}
    NEW.version := number;
    IF NEW.completed AND NEW.completed_at IS NULL THEN
        NEW.completed_at := NEW.updated_at;
    END IF;
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
    former jsonb := '{{}}';
    latter jsonb := '{{}}';
BEGIN
    IF NEW.user_id <> OLD.user_id OR NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at THEN
        RAISE 'the owner, the id and the time of creation of a task cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.updated_at := greatest(now(), OLD.updated_at + interval '1 microsecond');
    IF NEW.completed <> OLD.completed THEN
        IF NEW.completed_at IS NOT DISTINCT FROM OLD.completed_at THEN
            NEW.completed_at := CASE WHEN NEW.completed THEN NEW.updated_at END;
        END IF;
        former := jsonb_build_object('completed', OLD.completed, 'completed_at', timezone('UTC', OLD.completed_at));
        latter := jsonb_build_object('completed', NEW.completed, 'completed_at', timezone('UTC', NEW.completed_at));
    ELSIF NEW.completed_at <> OLD.completed_at THEN
        former := jsonb_build_object('completed_at', timezone('UTC', OLD.completed_at));
        latter := jsonb_build_object('completed_at', timezone('UTC', NEW.completed_at));
    END IF;
    {changed}
    IF latter = '{{}}' THEN
        RETURN OLD;
    END IF;
    {next_change_of_new}
    NEW.version := number;
    IF number = OLD.version THEN
        PERFORM record_task_changed_again(NEW.user_id, number, NEW.id, NEW.updated_at, former, latter);
    ELSE
        INSERT INTO history (user_id, change, task_id, at, before, after)
            VALUES (NEW.user_id, number, NEW.id, NEW.updated_at, former, latter);
    END IF;
    RETURN NEW;
END $$;

-- Several statements of a transaction can change one task: they are one change, of the members that differ in the end.
CREATE OR REPLACE FUNCTION record_task_changed_again(
    owner bigint, number bigint, task bigint, moment timestamptz, former jsonb, latter jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE history SET at = moment, before = former || before, after = after || latter
        WHERE user_id = owner AND change = number AND task_id = task;
    UPDATE history SET before = before - same.keys, after = after - same.keys
        FROM (
            SELECT coalesce(array_agg(was.key), '{{}}') AS keys
            FROM history AS h, jsonb_each(h.before) AS was
            WHERE h.user_id = owner AND h.change = number AND h.task_id = task AND h.after -> was.key = was.value
        ) AS same
        WHERE user_id = owner AND change = number AND task_id = task AND before IS NOT NULL;
END $$;

-- Return the number of the change in which this transaction has deleted a task of an owner: a statement that deletes can
-- return the row as it was, with an older version. The owner is an argument so that Citus calls this where the task was.
CREATE OR REPLACE FUNCTION deleted_by_change(owner bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN current_setting('donebase.change');
END $$;

CREATE OR REPLACE FUNCTION record_task_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
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
    PERFORM set_config('donebase.change', number::text, true);
    IF number = OLD.version THEN
        UPDATE history SET at = moment, before = former || before, after = NULL
            WHERE user_id = OLD.user_id AND change = number AND task_id = OLD.id;
    ELSE
        INSERT INTO history (user_id, change, task_id, at, before)
            VALUES (OLD.user_id, number, OLD.id, moment, former);
    END IF;
    RETURN OLD;
END $$;
