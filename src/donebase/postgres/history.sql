-- The history: a trigger on tasks numbers every change of an owner, and keeps what was there before and after.
-- `postgres/history.py` reads this file and fills in what depends on the columns of a task.

-- Move an owner's clock, once in a transaction, and return it. The user's row is created if it is missing.
-- The transaction is known by its id and its start: a restored database counts its transactions anew.
CREATE OR REPLACE FUNCTION next_change(owner bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
BEGIN
    UPDATE users SET clock = clock + 1, clock_xact = txid_current(), updated_at = now()
        WHERE id = owner AND (clock_xact IS DISTINCT FROM txid_current() OR updated_at <> now())
        RETURNING clock INTO number;
    IF number IS NULL THEN  -- moved already, as by a statement that changes many tasks, or there is no such user yet
        SELECT clock INTO number FROM users WHERE id = owner AND clock_xact = txid_current() AND updated_at = now();
    END IF;
    IF number IS NULL THEN
        INSERT INTO users AS u (id, clock, clock_xact) VALUES (owner, 1, txid_current())
            ON CONFLICT (id) DO UPDATE SET clock = u.clock + 1, clock_xact = txid_current(), updated_at = now()
            RETURNING clock INTO number;
    END IF;
    RETURN number;
END $$;

-- Return an owner's clock as this transaction has left it. The statement that deletes a task cannot see it otherwise.
CREATE OR REPLACE FUNCTION last_change(owner bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT clock FROM users WHERE id = owner);
END $$;

CREATE OR REPLACE FUNCTION record_task_created() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := next_change(NEW.user_id);
    IF NEW.completed AND NEW.completed_at IS NULL THEN
        NEW.completed_at := NEW.updated_at;
    END IF;
    INSERT INTO history (user_id, change, task_id, at, after)
        VALUES (NEW.user_id, NEW.version, NEW.id, NEW.updated_at, jsonb_build_object(
            {created},
            'completed_at', timezone('UTC', NEW.completed_at),
            'created_at', timezone('UTC', NEW.created_at)
        ));
    RETURN NEW;
END $$;

-- `updated_at` never moves backwards, though the clock can be set back and a statement can wait for another's lock.
CREATE OR REPLACE FUNCTION record_task_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := '{{}}';
    after jsonb := '{{}}';
BEGIN
    IF NEW.user_id <> OLD.user_id THEN
        RAISE EXCEPTION 'the owner of a task cannot change' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.version := next_change(NEW.user_id);
    NEW.updated_at := greatest(now(), OLD.updated_at + interval '1 microsecond');
    IF NEW.completed <> OLD.completed AND NEW.completed_at IS NOT DISTINCT FROM OLD.completed_at THEN
        NEW.completed_at := CASE WHEN NEW.completed THEN NEW.updated_at END;
    END IF;
    {changed}
    IF NEW.completed_at IS DISTINCT FROM OLD.completed_at THEN
        before := before || jsonb_build_object('completed_at', timezone('UTC', OLD.completed_at));
        after := after || jsonb_build_object('completed_at', timezone('UTC', NEW.completed_at));
    END IF;
    INSERT INTO history (user_id, change, task_id, at, before, after)
        VALUES (NEW.user_id, NEW.version, NEW.id, NEW.updated_at, before, after);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION record_task_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history (user_id, change, task_id, at, before)
        VALUES (
            OLD.user_id, next_change(OLD.user_id), OLD.id,
            greatest(now(), OLD.updated_at + interval '1 microsecond'),
            jsonb_build_object(
                {deleted},
                'completed_at', timezone('UTC', OLD.completed_at),
                'version', OLD.version,
                'created_at', timezone('UTC', OLD.created_at),
                'updated_at', timezone('UTC', OLD.updated_at)
            )
        );
    RETURN OLD;
END $$;
