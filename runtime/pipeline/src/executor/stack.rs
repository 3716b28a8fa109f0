//! The packages that the executors with the scientific stack bring, in the versions of what they are built from.

use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};

use super::ExecutorKind;
use super::imports::DONE_WITHOUT;
use super::packages::{Requirement, native};

/// Name and version of each, as the wheel's list of contents has them.
const STACK: [(&str, &str); 53] = [
    ("attrs", "26.1.0"),
    ("beautifulsoup4", "4.15.0"),
    ("charset-normalizer", "3.5.2"),
    ("cloudpickle", "3.1.2"),
    ("contourpy", "1.4.0"),
    ("cycler", "0.12.1"),
    ("defusedxml", "0.7.1"),
    ("et-xmlfile", "2.0.0"),
    ("fonttools", "4.67.0"),
    ("formulaic", "1.2.2"),
    ("html5lib", "1.1"),
    ("interface-meta", "2.0.1"),
    ("jinja2", "3.1.6"),
    ("joblib", "1.6.0"),
    ("kiwisolver", "1.5.1"),
    ("lxml", "6.1.3"),
    ("markupsafe", "3.0.4"),
    ("matplotlib", "3.11.2"),
    ("more-itertools", "11.2.1"),
    ("mpmath", "1.3.0"),
    ("narwhals", "2.27.1"),
    ("networkx", "3.7"),
    ("numpy", "2.5.2"),
    ("openpyxl", "3.1.5"),
    ("packaging", "26.3"),
    ("pandas", "3.0.6"),
    ("patsy", "1.0.3"),
    ("pillow", "13.0.0"),
    ("pyparsing", "3.3.3"),
    ("pypdf", "6.21.1"),
    ("python-dateutil", "2.9.0.post0"),
    ("pyyaml", "6.0.3"),
    ("regex", "2026.9.29"),
    ("reportlab", "5.0.1"),
    ("scikit-learn", "1.9.1"),
    ("scipy", "1.18.1"),
    ("seaborn", "0.13.2"),
    ("six", "1.17.0"),
    ("soupsieve", "3.0.3"),
    ("statsmodels", "0.15.0"),
    ("sympy", "1.14.0"),
    ("tabulate", "0.10.0"),
    ("threadpoolctl", "3.7.0"),
    ("tomli-w", "1.2.0"),
    ("toolz", "1.2.0"),
    ("tqdm", "4.70.1"),
    ("typing-extensions", "4.16.0"),
    ("tzdata", "2026.5"),
    ("webencodings", "0.6.1"),
    ("wrapt", "2.5.1"),
    ("xlrd", "2.0.2"),
    ("xlsxwriter", "3.2.9"),
    ("xmltodict", "1.0.4"),
];

/// What the executor for boosting has besides.
const BOOSTING: [(&str, &str); 2] = [("lightgbm", "4.7.0"), ("xgboost", "3.4.1")];

/// Whether of the executors for Python only the one for boosting has a package, or the module, which is called the same.
pub fn is_boosting(name: &str) -> bool {
    BOOSTING.iter().any(|(known, _)| *known == name)
}

/// Names and versions of the packages that an executor brings.
pub fn stack(executor: &ExecutorKind) -> impl Iterator<Item = (&'static str, &'static str)> {
    let stack = STACK.into_iter().filter(|_| executor.is_scientific());
    stack.chain(BOOSTING.into_iter().filter(|_| *executor == ExecutorKind::Boosting))
}

/// A requirement that asks for another version than the one that is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherVersion {
    /// What is asked for: `pandas==2.2.0`.
    pub asked: Requirement,
    /// The version that is there.
    pub there: &'static str,
}

/// Whether an executor with the scientific stack has all of the packages that need native code, or what takes their place.
pub(super) fn has_all(executor: &ExecutorKind, packages: &[Requirement]) -> bool {
    let has =
        |package: &&Requirement| version(executor, package).is_some() || package.has_stand_in() || is_parquet(package);
    native(packages).iter().all(has)
}

/// The packages that an executor for Python has not itself, and needs wheels of.
pub fn to_fetch(executor: &ExecutorKind, packages: &[Requirement]) -> Vec<Requirement> {
    let has_it = |package: &&Requirement| {
        package.has_stand_in()
            || version(executor, package).is_some()
            || (executor.is_scientific() && is_parquet(package))
    };
    packages.iter().filter(|package| !has_it(package)).cloned().collect()
}

/// The packages for Parquet, which pandas does without in the science executor.
pub fn done_without(packages: &[Requirement]) -> Vec<&Requirement> {
    packages.iter().filter(|package| is_parquet(package)).collect()
}

fn is_parquet(package: &Requirement) -> bool {
    DONE_WITHOUT.contains(&package.name().as_str())
}

/// The packages that an executor has in a version that was not asked for.
pub fn other_versions(executor: &ExecutorKind, packages: &[Requirement]) -> Vec<OtherVersion> {
    let differs = |package: &Requirement| {
        let there = version(executor, package)?;
        // What is no list of versions, as the address of an archive, names another version for all that is known.
        let accepts = VersionSpecifiers::from_str(package.specifiers())
            .is_ok_and(|wanted| Version::from_str(there).is_ok_and(|there| wanted.contains(&there)));
        (!accepts).then(|| OtherVersion { asked: package.clone(), there })
    };
    packages.iter().filter_map(differs).collect()
}

/// The version of a package that an executor brings.
fn version(executor: &ExecutorKind, package: &Requirement) -> Option<&'static str> {
    let name = package.name();
    stack(executor).find(|(known, _)| *known == name).map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(packages: &[&str]) -> Vec<Requirement> {
        packages.iter().map(|package| Requirement((*package).to_owned())).collect()
    }

    #[test]
    fn the_table_is_in_order_and_its_versions_are_versions() {
        assert!(STACK.is_sorted());
        for (name, version) in stack(&ExecutorKind::Boosting) {
            assert!(Version::from_str(version).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_stack_has_what_needs_native_code_or_what_takes_its_place() {
        let science = |packages: &[&str]| has_all(&ExecutorKind::Science, &of(packages));
        assert!(science(&["pandas==2.2.0", "scikit_learn", "tabulate"]));
        assert!(science(&["pandas", "pyarrow>=15", "nbclient>=0.10,<1"]));
        assert!(!science(&["pandas", "lightgbm"]));
        assert!(has_all(&ExecutorKind::Boosting, &of(&["pandas", "LightGBM>=4", "xgboost"])));
        assert!(!has_all(&ExecutorKind::Boosting, &of(&["lightgbm", "catboost"])));
        let packages = of(&["lightgbm", "rich", "pandas"]);
        assert_eq!(to_fetch(&ExecutorKind::Boosting, &packages), of(&["rich"]));
        let packages = of(&["pandas", "rich", "joblib", "Jupyter_Client>=7", "pyarrow"]);
        assert_eq!(to_fetch(&ExecutorKind::Science, &packages), of(&["rich"]));
        assert_eq!(to_fetch(&ExecutorKind::Python, &packages), of(&["pandas", "rich", "joblib", "pyarrow"]));
        assert_eq!(done_without(&of(&["pandas", "PyArrow==1"])).len(), 1);
    }

    #[test]
    fn versions_that_were_not_asked_for_are_found() {
        let asked = of(&[
            "pandas==2.2.0",
            "pandas",
            "numpy>=2,<3",
            "numpy<2",
            "scikit-learn[alldeps]==1.9.*",
            "scipy~=1.18",
            "matplotlib @ https://example.com/m.tar.gz",
            "pandas>2; python_version>'3.9'",
            "rich==1",
        ]);
        let found: Vec<String> = other_versions(&ExecutorKind::Science, &asked)
            .into_iter()
            .map(|one| format!("{} {}", one.asked, one.there))
            .collect();
        assert_eq!(found, ["pandas==2.2.0 3.0.6", "numpy<2 2.5.2", "matplotlib @ https://example.com/m.tar.gz 3.11.2"]);
    }
}
