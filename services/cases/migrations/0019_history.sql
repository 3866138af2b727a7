-- Which row of the history says how an answer came to be what it is, so that who goes on typing
-- changes that one; how many rows of its history there are, and how many bytes they have. They
-- count from here: what was kept before stays, and what a process of before keeps is in no count.
ALTER TABLE fact_answer ADD COLUMN change_number bigint NOT NULL DEFAULT 0;
ALTER TABLE fact_answer ADD COLUMN change_version integer NOT NULL DEFAULT 0; -- The answer's then.
ALTER TABLE fact_answer ADD COLUMN changes integer NOT NULL DEFAULT 0;
ALTER TABLE fact_answer ADD COLUMN change_bytes bigint NOT NULL DEFAULT 0;

-- What was handed in stays in the history, whoever goes on right after it was given back.
ALTER TABLE fact_find ADD COLUMN unlock_time timestamptz NOT NULL DEFAULT '-infinity';
