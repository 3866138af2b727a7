-- All invitations of a contact, of whichever case, for a reset of how the contact signs in. The
-- contact comes first, lest plans that are kept for long take it for the primary key's.
CREATE INDEX invitation_of_contact ON invitation (contact_id, organisation_id);
