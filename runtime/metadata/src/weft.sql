-- What the runtime keeps beyond ML Metadata. Times are milliseconds since the epoch, JSON is text.

CREATE TABLE `weft_env` (
  `schema_version` INTEGER PRIMARY KEY
);

CREATE TABLE `weft_run` (
  `id` TEXT PRIMARY KEY,
  `pipeline` TEXT NOT NULL,
  `state` TEXT NOT NULL,
  `started_ms` INTEGER NOT NULL,
  `ended_ms` INTEGER,
  `file` TEXT,
  `spec` TEXT NOT NULL,
  `parameters` TEXT NOT NULL,
  `outputs` TEXT NOT NULL DEFAULT '{}',
  `error` TEXT,
  `pipeline_context` INTEGER NOT NULL,
  `run_context` INTEGER NOT NULL,
  `dag_execution` INTEGER NOT NULL
);

CREATE TABLE `weft_step` (
  `execution` INTEGER PRIMARY KEY,
  `run` TEXT NOT NULL,
  `pipeline` TEXT NOT NULL,
  `task` TEXT NOT NULL,
  `kind` TEXT NOT NULL,
  `state` TEXT NOT NULL,
  `component` TEXT,
  `function` TEXT,
  `identity` BLOB,
  `cached_from` INTEGER,
  `attempts` INTEGER NOT NULL,
  `started_ms` INTEGER NOT NULL,
  `ended_ms` INTEGER,
  `duration_us` INTEGER NOT NULL DEFAULT 0,
  `peak_memory` INTEGER NOT NULL DEFAULT 0,
  `log` TEXT,
  `grants` TEXT,
  `inputs` TEXT NOT NULL,
  `outputs` TEXT NOT NULL DEFAULT '{}',
  `error` TEXT,
  `skipped` TEXT,
  UNIQUE (`run`, `task`)
);

CREATE INDEX `weft_run_started` ON `weft_run`(`started_ms`);
-- Cache look-ups.
CREATE INDEX `weft_step_identity` ON `weft_step`(`identity`) WHERE `identity` IS NOT NULL AND `state` IN ('COMPLETE', 'CACHED');
-- The latest result of a task.
CREATE INDEX `weft_step_task` ON `weft_step`(`pipeline`, `task`, `ended_ms`) WHERE `state` IN ('COMPLETE', 'CACHED');

INSERT INTO `weft_env` (`schema_version`) VALUES (1);
