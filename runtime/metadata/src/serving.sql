
-- Models that are served, each under a name: which version answers, and which share of the requests goes to another.
CREATE TABLE IF NOT EXISTS `weft_deployment` (
  `name` TEXT PRIMARY KEY,
  `current` INTEGER NOT NULL,
  `canary` INTEGER,
  `share` INTEGER NOT NULL DEFAULT 0,
  `changed_ms` INTEGER NOT NULL
) WITHOUT ROWID;

-- Every version that was deployed. None is ever changed. `spec` holds the rest as JSON.
CREATE TABLE IF NOT EXISTS `weft_deployment_version` (
  `deployment` TEXT NOT NULL,
  `version` INTEGER NOT NULL,
  `created_ms` INTEGER NOT NULL,
  `model` TEXT NOT NULL,
  `transform` TEXT,
  `component` TEXT NOT NULL,
  `spec` TEXT NOT NULL,
  PRIMARY KEY (`deployment`, `version`)
) WITHOUT ROWID;
