-- When each feature was last decided for anybody, to the checkpoint: what nobody asks for any more can go.
CREATE TABLE feature_use (
    feature TEXT    NOT NULL PRIMARY KEY,
    first   INTEGER NOT NULL, -- ms: since when it is watched
    last    INTEGER NOT NULL  -- ms; 0: not since
);
