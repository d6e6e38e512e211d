-- What was pushed to a customer in the last weeks, for frequency caps.
CREATE TABLE contact (
  customer TEXT NOT NULL,
  at INTEGER NOT NULL,            -- ms since 1970
  plugin TEXT NOT NULL,
  feature TEXT NOT NULL,
  channel TEXT NOT NULL
);
CREATE INDEX contact_customer ON contact (customer, at);
CREATE INDEX contact_at ON contact (at);
