-- The facts of what happened, such as settings before and after: strings by their names in JSON.
ALTER TABLE audit_event ADD COLUMN data jsonb NOT NULL DEFAULT '{}';
