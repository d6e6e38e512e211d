CREATE TABLE token (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,      -- BLAKE2b-256 of the token
  public TEXT,                    -- the token itself where it is no secret (role browser)
  created INTEGER NOT NULL,
  expires INTEGER,                -- NULL: never
  revoked INTEGER                 -- NULL: in force
);
