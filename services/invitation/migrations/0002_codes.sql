-- Whom a code reaches beside the client who asks for it; null: the default.
ALTER TABLE policy ADD COLUMN send_code_with_invitation boolean;
ALTER TABLE policy ADD COLUMN email_code_to_owner boolean;
