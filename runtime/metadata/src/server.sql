-- What a server keeps. Times are milliseconds since the epoch, JSON is text. Wide columns come last: lists read the others.

CREATE TABLE IF NOT EXISTS `weft_experiment` (
  `id` TEXT PRIMARY KEY,
  `name` TEXT NOT NULL UNIQUE,
  `created_ms` INTEGER NOT NULL,
  `last_run_ms` INTEGER,
  `archived` INTEGER NOT NULL DEFAULT 0,
  `description` TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS `weft_pipeline` (
  `id` TEXT PRIMARY KEY,
  `name` TEXT NOT NULL UNIQUE,
  `display_name` TEXT NOT NULL,
  `created_ms` INTEGER NOT NULL,
  `tags` TEXT NOT NULL,
  `description` TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS `weft_pipeline_version` (
  `id` TEXT PRIMARY KEY,
  `pipeline` TEXT NOT NULL,
  `name` TEXT NOT NULL,
  `display_name` TEXT NOT NULL,
  `created_ms` INTEGER NOT NULL,
  `code_source_url` TEXT,
  `tags` TEXT NOT NULL,
  `description` TEXT NOT NULL,
  `spec` TEXT NOT NULL,
  UNIQUE (`pipeline`, `name`)
);

-- Runs that were asked for. `state` is that of the queue: one that has ended is in the state of its row in `weft_run`, if it has one.
CREATE TABLE IF NOT EXISTS `weft_submission` (
  `id` TEXT PRIMARY KEY,
  `name` TEXT NOT NULL,
  `experiment` TEXT NOT NULL,
  `pipeline_name` TEXT NOT NULL,
  `pipeline` TEXT,
  `version` TEXT,
  `state` TEXT NOT NULL,
  `archived` INTEGER NOT NULL DEFAULT 0,
  `recurring` TEXT,
  `trigger` TEXT,
  `priority` INTEGER NOT NULL,
  `created_ms` INTEGER NOT NULL,
  `scheduled_ms` INTEGER NOT NULL,
  `ended_ms` INTEGER,
  `no_cache` INTEGER NOT NULL,
  `service_account` TEXT NOT NULL,
  `origin` TEXT NOT NULL,
  `history` TEXT NOT NULL,
  `error` TEXT,
  `description` TEXT NOT NULL,
  `parameters` TEXT NOT NULL,
  `spec` TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS `weft_submission_open` ON `weft_submission`(`state`, `priority`, `created_ms`)
  WHERE `state` IN ('QUEUED', 'RUNNING', 'CANCELING');
CREATE INDEX IF NOT EXISTS `weft_submission_created` ON `weft_submission`(`created_ms`, `id`);
CREATE INDEX IF NOT EXISTS `weft_submission_recurring` ON `weft_submission`(`recurring`, `state`) WHERE `recurring` IS NOT NULL;

CREATE TABLE IF NOT EXISTS `weft_recurring` (
  `id` TEXT PRIMARY KEY,
  `name` TEXT NOT NULL,
  `experiment` TEXT NOT NULL,
  `pipeline` TEXT,
  `version` TEXT,
  `enabled` INTEGER NOT NULL,
  `created_ms` INTEGER NOT NULL,
  `updated_ms` INTEGER NOT NULL,
  `last_ms` INTEGER,
  `fired` INTEGER NOT NULL DEFAULT 0,
  `max_concurrency` INTEGER NOT NULL,
  `no_catchup` INTEGER NOT NULL,
  `no_cache` INTEGER NOT NULL,
  `service_account` TEXT NOT NULL,
  `schedule` TEXT NOT NULL,
  `description` TEXT NOT NULL,
  `parameters` TEXT NOT NULL,
  `spec` TEXT
);

CREATE INDEX IF NOT EXISTS `weft_submission_trigger` ON `weft_submission`(`trigger`, `state`) WHERE `trigger` IS NOT NULL;

-- How far triggers have been served; what they are stands in their files.
CREATE TABLE IF NOT EXISTS `weft_trigger` (
  `name` TEXT PRIMARY KEY,
  `enabled` INTEGER NOT NULL,
  `mark` TEXT NOT NULL,
  `fired` INTEGER NOT NULL DEFAULT 0,
  `last_ms` INTEGER
) WITHOUT ROWID;

-- What triggers have had, so that nothing is served twice.
CREATE TABLE IF NOT EXISTS `weft_trigger_event` (
  `trigger` TEXT NOT NULL,
  `event` TEXT NOT NULL,
  `run` TEXT NOT NULL,
  `at_ms` INTEGER NOT NULL,
  PRIMARY KEY (`trigger`, `event`)
) WITHOUT ROWID;

-- Triggers that were made on the page; those of files are not here.
CREATE TABLE IF NOT EXISTS `weft_trigger_made` (
  `name` TEXT PRIMARY KEY,
  `definition` TEXT NOT NULL,
  `created_ms` INTEGER NOT NULL
) WITHOUT ROWID;
