-- What a plugin is configured with as a whole, for all its releases: an object as somebody wrote it, without defaults.
CREATE TABLE plugin_configuration (
    plugin  TEXT    NOT NULL PRIMARY KEY,
    value   TEXT    NOT NULL, -- JSON
    version INTEGER NOT NULL, -- 1, 2, 3 ...
    changed INTEGER NOT NULL  -- ms
);
