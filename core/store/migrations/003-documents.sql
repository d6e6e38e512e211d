-- All versions of definitions and the newest of states: features, metrics, experiments, segments, pages ... and which one is current.
CREATE TABLE document (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,       -- 1, 2, 3 ... for each (kind, key); a deletion is a version too
  body TEXT,                      -- canonical JSON; NULL: deleted
  revision INTEGER NOT NULL,      -- the configuration's revision that this version came with
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  note TEXT,
  PRIMARY KEY (kind, key, version)
);
CREATE TABLE document_current (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL,
  deleted INTEGER NOT NULL,       -- 0 or 1
  PRIMARY KEY (kind, key)
);
-- One row, 'config': how many changes were committed so far.
CREATE TABLE revision (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
INSERT INTO revision (name, number) VALUES ('config', 0);
