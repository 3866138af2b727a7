-- The documents that go with a message about an incident.
ALTER TABLE incident_message ADD COLUMN document_ids text[] NOT NULL DEFAULT '{}';
