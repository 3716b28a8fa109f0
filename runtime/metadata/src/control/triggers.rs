//! What a server remembers of its triggers: how far each has been served, and what those are that were made on the page. What the others are
//! stands in their files.

use rusqlite::{Connection, OptionalExtension, Row};

use super::types::{Submission, TriggerState};
use crate::artifacts;
use crate::error::{Error, Result};
use crate::store::Store;
use crate::types::{ArtifactRecord, ArtifactState};
use crate::write::Tx;

const SELECT: &str = "SELECT name, enabled, mark, fired, last_ms, (SELECT count(*) FROM weft_submission AS s \
    WHERE s.trigger = weft_trigger.name AND s.state IN ('QUEUED', 'RUNNING', 'CANCELING')) FROM weft_trigger";

impl Store {
    /// How far a trigger has been served; none if it was never seen.
    pub fn trigger(&self, name: &str) -> Result<Option<TriggerState>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
            Ok(statement.query_row([name], state).optional()?)
        })
    }

    /// The run that a trigger started for an event.
    pub fn run_of_event(&self, trigger: &str, event: &str) -> Result<Option<String>> {
        self.read(|conn| run_of_event(conn, trigger, event))
    }

    /// The triggers that were made on the page, by name: what they are, as JSON.
    pub fn made_triggers(&self) -> Result<Vec<(String, String)>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached("SELECT name, definition FROM weft_trigger_made ORDER BY name")?;
            Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The live artifacts that were recorded after one, the oldest first, at most `limit`.
    pub fn artifacts_after(&self, id: i64, limit: usize) -> Result<Vec<ArtifactRecord>> {
        self.read(|conn| {
            let mut statement =
                conn.prepare_cached("SELECT id FROM Artifact WHERE id > ?1 AND state = ?2 ORDER BY id LIMIT ?3")?;
            let ids =
                statement.query_map((id, ArtifactState::LIVE, artifacts::limit(Some(limit))), |row| row.get(0))?;
            artifacts::records(conn, &ids.collect::<rusqlite::Result<Vec<i64>>>()?)
        })
    }

    /// The id of the artifact that was recorded last; 0 if there is none.
    pub fn newest_artifact(&self) -> Result<i64> {
        self.read(|conn| Ok(conn.query_row("SELECT ifnull(max(id), 0) FROM Artifact", [], |row| row.get(0))?))
    }
}

impl Tx<'_> {
    /// Keeps a trigger that was made on the page. It begins anew, whatever was remembered of another one of its name.
    ///
    /// # Errors
    /// [`crate::Error::NameTaken`] if one of this name was made already.
    pub fn make_trigger(&mut self, name: &str, definition: &str, now_ms: i64) -> Result<()> {
        let insert = "INSERT OR IGNORE INTO weft_trigger_made (name, definition, created_ms) VALUES (?1, ?2, ?3)";
        if self.conn.execute(insert, (name, definition, now_ms))? == 0 {
            return Err(Error::NameTaken { what: "a trigger", name: name.to_owned() });
        }
        self.forget_trigger(name)
    }

    /// Forgets a trigger that was made on the page; the runs that it started stay. False if there is none.
    pub fn delete_trigger(&mut self, name: &str) -> Result<bool> {
        if self.conn.execute("DELETE FROM weft_trigger_made WHERE name = ?1", [name])? == 0 {
            return Ok(false);
        }
        self.forget_trigger(name)?;
        Ok(true)
    }

    fn forget_trigger(&mut self, name: &str) -> Result<()> {
        self.conn.execute("DELETE FROM weft_trigger WHERE name = ?1", [name])?;
        self.conn.execute("DELETE FROM weft_trigger_event WHERE trigger = ?1", [name])?;
        Ok(())
    }

    /// Remembers a trigger that was not known, on, and served up to `mark`.
    pub fn keep_trigger(&mut self, name: &str, mark: &str) -> Result<()> {
        let insert = "INSERT OR IGNORE INTO weft_trigger (name, enabled, mark) VALUES (?1, 1, ?2)";
        self.conn.prepare_cached(insert)?.execute((name, mark))?;
        Ok(())
    }

    /// Switches a trigger on or off. False if it was never seen.
    pub fn enable_trigger(&mut self, name: &str, enabled: bool) -> Result<bool> {
        Ok(self.conn.execute("UPDATE weft_trigger SET enabled = ?2 WHERE name = ?1", (name, enabled))? > 0)
    }

    /// Remembers that a trigger has been served up to `mark` without a run. False, and nothing is recorded, if it was served otherwise since
    /// `before` was read.
    pub fn pass_trigger(&mut self, before: &TriggerState, mark: &str) -> Result<bool> {
        let update = "UPDATE weft_trigger SET mark = ?2 WHERE name = ?1 AND mark = ?3";
        Ok(self.conn.prepare_cached(update)?.execute((&before.name, mark, &before.mark))? > 0)
    }

    /// Puts a run of a trigger into the queue, and records with it that the trigger has been served up to `mark`. False, and nothing is
    /// recorded, if the trigger is off, has been served otherwise since `before` was read, or has had this event already.
    pub fn fire_trigger(
        &mut self,
        before: &TriggerState,
        mark: &str,
        event: &str,
        run: &Submission,
        now_ms: i64,
    ) -> Result<bool> {
        if run_of_event(self.conn, &before.name, event)?.is_some() {
            return Ok(false);
        }
        let changed = self.conn.execute(
            "UPDATE weft_trigger SET mark = ?2, fired = fired + 1, last_ms = ?3 \
             WHERE name = ?1 AND enabled <> 0 AND fired = ?4 AND mark = ?5",
            (&before.name, mark, now_ms, before.fired, &before.mark),
        )?;
        if changed == 0 {
            return Ok(false);
        }
        self.conn.execute(
            "INSERT INTO weft_trigger_event (trigger, event, run, at_ms) VALUES (?1, ?2, ?3, ?4)",
            (&before.name, event, &run.id, now_ms),
        )?;
        self.enqueue(run, now_ms, now_ms)?;
        Ok(true)
    }

    /// Forgets events of a trigger from before a time: they can no longer be delivered again.
    pub fn forget_events(&mut self, trigger: &str, before_ms: i64) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM weft_trigger_event WHERE trigger = ?1 AND at_ms < ?2")?
            .execute((trigger, before_ms))?;
        Ok(())
    }
}

fn run_of_event(conn: &Connection, trigger: &str, event: &str) -> Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT run FROM weft_trigger_event WHERE trigger = ?1 AND event = ?2")?;
    Ok(statement.query_row((trigger, event), |row| row.get(0)).optional()?)
}

fn state(row: &Row<'_>) -> rusqlite::Result<TriggerState> {
    Ok(TriggerState {
        name: row.get(0)?,
        enabled: row.get(1)?,
        mark: row.get(2)?,
        fired: row.get(3)?,
        last_ms: row.get(4)?,
        unfinished: row.get(5)?,
    })
}
