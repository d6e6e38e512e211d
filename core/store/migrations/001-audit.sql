-- Every change of state that a person or a machine of ours decided. id grows by one, so that newest-first has one order.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,            -- ms since 1970
  actor TEXT NOT NULL,
  action TEXT NOT NULL,           -- create, update, delete, start, kill, revoke ...
  kind TEXT NOT NULL,             -- feature, experiment, token ...
  key TEXT NOT NULL,
  version INTEGER NOT NULL,       -- the version this made; 0 where the thing has none
  before TEXT,                    -- JSON; NULL where there was nothing
  after TEXT,                     -- JSON; NULL where nothing is left
  note TEXT
);
CREATE INDEX audit_of_thing ON audit (kind, key, id);
