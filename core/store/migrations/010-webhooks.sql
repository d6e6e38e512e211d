-- Who is told what happens: addresses outside, with how far each has been told of the audit log and of the journal.
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,            -- base64 of the key that signs; shown once
  events TEXT NOT NULL,            -- patterns, one a line: feature.*, experiment.start, event:Order Completed
  note TEXT NOT NULL,
  enabled INTEGER NOT NULL,        -- 0 or 1
  created INTEGER NOT NULL,
  audit_position INTEGER NOT NULL, -- of the audit log, told or passed over
  event_position INTEGER NOT NULL, -- of the journal, likewise
  attempts INTEGER NOT NULL,       -- that failed, of the message that is next
  next_at INTEGER NOT NULL,        -- ms: not tried before
  delivered INTEGER NOT NULL,
  dead INTEGER NOT NULL,           -- messages given up
  last_at INTEGER,                 -- ms: of the last attempt
  last_status INTEGER,             -- what it was answered; 0: nothing
  last_error TEXT
);
-- Messages that were given up.
CREATE TABLE webhook_dead (
  webhook TEXT NOT NULL,
  message TEXT NOT NULL,           -- audit-7, event-31
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  error TEXT NOT NULL,
  PRIMARY KEY (webhook, message)
);
