-- The flows of the fact find that an invitation asks its contact to answer.
ALTER TABLE invitation ADD COLUMN flow_ids text[] NOT NULL DEFAULT '{}';
