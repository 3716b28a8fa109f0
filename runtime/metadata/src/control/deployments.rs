//! Models that are served: every version that was deployed under a name, and which of them answer.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::runs::from_json;
use crate::schema::has_table;
use crate::store::Store;
use crate::write::{Tx, json};

/// A model that is served under a name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deployment {
    /// The name by which clients ask for it.
    pub name: String,
    /// The version that answers.
    pub current: u64,
    /// A version that answers a share of the requests.
    pub canary: Option<Canary>,
    /// When it was changed last: milliseconds since the epoch.
    pub changed_ms: i64,
    /// All versions, the oldest first.
    pub versions: Vec<ModelVersion>,
}

/// A version that is tried on a part of the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Which.
    pub version: u64,
    /// Of a hundred requests, how many it answers.
    pub percent: u8,
}

/// A version of a deployment. It never changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelVersion {
    /// Its number, from 1.
    pub version: u64,
    /// When it was deployed: milliseconds since the epoch.
    pub created_ms: i64,
    /// What it is.
    #[serde(flatten)]
    pub spec: NewModelVersion,
}

/// What a version is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewModelVersion {
    /// The model's content: `blake3:..`, or `blake3-tree:..` for a directory.
    pub model: String,
    /// The content of the transform graph that runs in front of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<String>,
    /// The component that runs it, by its digest.
    pub component: String,
    /// What was deployed, as it was named: a selector, or a file's name.
    pub source: String,
    /// The model's row among the artifacts of the store, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<i64>,
    /// How it is served.
    #[serde(default)]
    pub settings: ServingSettings,
}

/// How a version is served. What is left out is the server's choice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServingSettings {
    /// The columns that are the model's features, in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<Vec<String>>,
    /// Bytes of memory of an instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Milliseconds that an answer may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// Instances that answer at the same time, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// Rows of several requests that are answered at once; 1 keeps requests apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Of a hundred requests, how many are written to the prediction log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_percent: Option<u8>,
}

/// Which requests a new version gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// All.
    All,
    /// So many of a hundred. The first version of a deployment gets all even so.
    Percent(u8),
}

impl Store {
    /// All deployments, by name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn deployments(&self) -> Result<Vec<Deployment>> {
        self.read(|conn| {
            // A store that an older version of this program made, opened for reading.
            if !has_table(conn, "weft_deployment_version")? {
                return Ok(Vec::new());
            }
            let mut statement = conn.prepare_cached("SELECT name FROM weft_deployment ORDER BY name")?;
            let names = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
            names.iter().filter_map(|name| find(conn, name).transpose()).collect()
        })
    }

    /// The deployment of this name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn deployment(&self, name: &str) -> Result<Option<Deployment>> {
        Ok(self.deployments()?.into_iter().find(|deployment| deployment.name == name))
    }
}

impl Tx<'_> {
    /// Records a new version of a deployment, which is made if there is none, and gives the version's number: `wanted` if it is free, else the one
    /// after the highest.
    ///
    /// # Errors
    /// It cannot be recorded.
    pub fn deploy(
        &mut self,
        name: &str,
        wanted: Option<u64>,
        new: &NewModelVersion,
        rollout: Rollout,
        now_ms: i64,
    ) -> Result<u64> {
        let taken = |version: u64| -> Result<bool> {
            let query = "SELECT 1 FROM weft_deployment_version WHERE deployment = ?1 AND version = ?2";
            Ok(self.conn.query_row(query, (name, number(version)), |_| Ok(())).optional()?.is_some())
        };
        let version = match wanted.filter(|wanted| (1..=MOST_VERSION).contains(wanted)) {
            Some(wanted) if !taken(wanted)? => wanted,
            _ => {
                let query = "SELECT ifnull(max(version), 0) FROM weft_deployment_version WHERE deployment = ?1";
                let highest: i64 = self.conn.query_row(query, [name], |row| row.get(0))?;
                u64::try_from(highest).unwrap_or(0) + 1
            }
        };
        self.conn.execute(
            "INSERT INTO weft_deployment_version (deployment, version, created_ms, model, transform, component, spec) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                name,
                number(version),
                now_ms,
                &new.model,
                &new.transform,
                &new.component,
                json("a model's version", new)?,
            ),
        )?;
        match rollout {
            Rollout::Percent(percent) if find(self.conn, name)?.is_some() => {
                let update = "UPDATE weft_deployment SET canary = ?2, share = ?3, changed_ms = ?4 WHERE name = ?1";
                self.conn.execute(update, (name, number(version), percent.min(100), now_ms))?;
            }
            _ => self.answer_with(name, version, now_ms)?,
        }
        Ok(version)
    }

    /// Has a version answer all requests.
    fn answer_with(&mut self, name: &str, version: u64, now_ms: i64) -> Result<()> {
        self.conn.execute(
            "INSERT INTO weft_deployment (name, current, changed_ms) VALUES (?1, ?2, ?3) \
             ON CONFLICT (name) DO UPDATE SET current = ?2, canary = NULL, share = 0, changed_ms = ?3",
            (name, number(version), now_ms),
        )?;
        Ok(())
    }

    /// Goes back to a version; without one, to the current one if a canary is tried, else to the one before the current. Gives its number.
    ///
    /// # Errors
    /// There is no such deployment or version, or none before the current one.
    pub fn roll_back(&mut self, name: &str, version: Option<u64>, now_ms: i64) -> Result<u64> {
        let deployment = existing(self.conn, name)?;
        let before = || deployment.versions.iter().rev().find(|known| known.version < deployment.current);
        let version = match (version, deployment.canary) {
            (Some(version), _) => checked(&deployment, version)?,
            (None, Some(_)) => deployment.current,
            (None, None) => before().map(|known| known.version).ok_or_else(|| {
                refused(format!("`{name}` has no version before {}, which is the one that answers", deployment.current))
            })?,
        };
        self.answer_with(name, version, now_ms)?;
        Ok(version)
    }

    /// Has the canary answer all requests. Gives its number.
    ///
    /// # Errors
    /// There is no such deployment, or no canary.
    pub fn promote(&mut self, name: &str, now_ms: i64) -> Result<u64> {
        let Some(canary) = existing(self.conn, name)?.canary else {
            return Err(refused(format!("`{name}` has no canary: `weft deploy --canary PERCENT` makes one")));
        };
        self.answer_with(name, canary.version, now_ms)?;
        Ok(canary.version)
    }

    /// Forgets a deployment, or one version of it that answers nothing.
    ///
    /// # Errors
    /// There is no such deployment or version, or it answers requests.
    pub fn remove_deployment(&mut self, name: &str, version: Option<u64>) -> Result<()> {
        let deployment = existing(self.conn, name)?;
        match version {
            None => {
                self.conn.execute("DELETE FROM weft_deployment WHERE name = ?1", [name])?;
                self.conn.execute("DELETE FROM weft_deployment_version WHERE deployment = ?1", [name])?;
            }
            Some(version) => {
                checked(&deployment, version)?;
                if version == deployment.current || deployment.canary.is_some_and(|canary| canary.version == version) {
                    return Err(refused(format!("version {version} of `{name}` answers requests; roll back first")));
                }
                let delete = "DELETE FROM weft_deployment_version WHERE deployment = ?1 AND version = ?2";
                self.conn.execute(delete, (name, number(version)))?;
            }
        }
        Ok(())
    }
}

/// The highest number that a version may be given.
const MOST_VERSION: u64 = 1 << 53;

fn number(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn refused(message: String) -> Error {
    Error::Deployment { message }
}

fn existing(conn: &Connection, name: &str) -> Result<Deployment> {
    find(conn, name)?
        .ok_or_else(|| refused(format!("nothing is deployed as `{name}`; `weft deployments` lists what is")))
}

fn checked(deployment: &Deployment, version: u64) -> Result<u64> {
    if deployment.versions.iter().any(|known| known.version == version) {
        return Ok(version);
    }
    let newest: Vec<String> =
        deployment.versions.iter().rev().take(10).map(|known| known.version.to_string()).collect();
    Err(refused(format!("`{}` has no version {version}; the newest are {}", deployment.name, newest.join(", "))))
}

fn find(conn: &Connection, name: &str) -> Result<Option<Deployment>> {
    let mut statement =
        conn.prepare_cached("SELECT current, canary, share, changed_ms FROM weft_deployment WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let canary: Option<i64> = row.get(1)?;
    let share: u8 = row.get(2)?;
    let mut versions = conn.prepare_cached(
        "SELECT version, created_ms, spec FROM weft_deployment_version WHERE deployment = ?1 ORDER BY version",
    )?;
    let mut found = versions.query([name])?;
    let mut versions = Vec::new();
    while let Some(row) = found.next()? {
        let spec = from_json("a model's version", row.get_ref(2)?.as_str()?)?;
        versions.push(ModelVersion { version: unsigned(row.get(0)?), created_ms: row.get(1)?, spec });
    }
    Ok(Some(Deployment {
        name: name.to_owned(),
        current: unsigned(row.get(0)?),
        canary: canary.map(|version| Canary { version: unsigned(version), percent: share }),
        changed_ms: row.get(3)?,
        versions,
    }))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Adds the content that deployments need.
pub(crate) fn collect_uris(conn: &Connection, uris: &mut BTreeSet<String>) -> Result<()> {
    if !has_table(conn, "weft_deployment_version")? {
        return Ok(());
    }
    let mut statement = conn.prepare(
        "SELECT model FROM weft_deployment_version UNION SELECT component FROM weft_deployment_version \
         UNION SELECT transform FROM weft_deployment_version WHERE transform IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        uris.insert(row.get(0)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(model: &str) -> NewModelVersion {
        NewModelVersion {
            model: format!("blake3:{model}"),
            transform: Some("blake3:graph".to_owned()),
            component: "blake3:onnx".to_owned(),
            source: "latest/model".to_owned(),
            artifact: Some(7),
            settings: ServingSettings { memory: Some(1 << 20), ..ServingSettings::default() },
        }
    }

    fn answering(store: &Store) -> (u64, Option<Canary>) {
        let found = store.deployment("penguins").unwrap().unwrap();
        (found.current, found.canary)
    }

    #[test]
    fn versions_are_kept_and_gone_back_to() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("metadata.sqlite")).unwrap();
        let deploy = |wanted, model: &str, rollout| {
            store.transaction(|tx| tx.deploy("penguins", wanted, &version(model), rollout, 5)).unwrap()
        };
        // There is nothing that could answer the rest.
        assert_eq!(deploy(None, "a", Rollout::Percent(10)), 1);
        assert_eq!(answering(&store), (1, None));
        assert_eq!(deploy(Some(7), "b", Rollout::All), 7);
        assert_eq!(deploy(Some(7), "c", Rollout::Percent(10)), 8);
        assert_eq!(answering(&store), (7, Some(Canary { version: 8, percent: 10 })));
        let back = |version| store.transaction(|tx| tx.roll_back("penguins", version, 6));
        assert_eq!(back(None).unwrap(), 7);
        assert_eq!(answering(&store), (7, None));
        assert_eq!(back(None).unwrap(), 1);
        assert!(back(None).unwrap_err().to_string().contains("no version before 1"));
        assert_eq!(back(Some(8)).unwrap(), 8);
        assert_eq!(back(Some(2)).unwrap_err().to_string(), "`penguins` has no version 2; the newest are 8, 7, 1");
        assert!(store.transaction(|tx| tx.promote("penguins", 6)).unwrap_err().to_string().contains("no canary"));
        assert_eq!(deploy(None, "d", Rollout::Percent(50)), 9);
        assert_eq!(store.transaction(|tx| tx.promote("penguins", 7)).unwrap(), 9);
        assert_eq!(answering(&store), (9, None));

        let found = store.deployment("penguins").unwrap().unwrap();
        assert_eq!(found.versions.iter().map(|known| known.version).collect::<Vec<_>>(), [1, 7, 8, 9]);
        assert_eq!(found.versions[3].spec, version("d"));
        assert_eq!(found.changed_ms, 7);
        let needed = store.referenced_uris().unwrap();
        assert!(["blake3:a", "blake3:d", "blake3:graph", "blake3:onnx"].iter().all(|uri| needed.contains(*uri)));

        let remove = |version| store.transaction(|tx| tx.remove_deployment("penguins", version));
        assert!(remove(Some(9)).unwrap_err().to_string().contains("answers requests"));
        remove(Some(1)).unwrap();
        assert!(!store.referenced_uris().unwrap().contains("blake3:a"));
        remove(None).unwrap();
        assert_eq!(store.deployments().unwrap(), []);
        assert!(remove(None).unwrap_err().to_string().contains("nothing is deployed as `penguins`"));
    }
}
