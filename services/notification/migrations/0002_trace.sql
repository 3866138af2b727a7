-- The trace that a message belongs to, which it carries on.
ALTER TABLE message ADD COLUMN traceparent text NOT NULL DEFAULT '';
