//! A copy of the project in which all mutants stand, behind their switch.

use crate::find::find;
use crate::mutant::{Mutant, rewrite};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What a build needs and tests read; nothing else is copied.
const NOT_COPIED: [&str; 3] = ["target", ".git", "tools"];

/// The project and its copy.
pub struct Project {
    pub root: PathBuf,
    /// Where the copy, its build and the reports are.
    pub work: PathBuf,
    /// The files that have mutants.
    pub files: Vec<String>,
    /// What does not compile, by name.
    pub unviable: BTreeSet<String>,
    /// All mutants, also those that do not compile.
    pub mutants: Vec<Mutant>,
    /// Where in a file of the copy each mutant stands.
    pub places: BTreeMap<String, Vec<(u32, Range<usize>)>>,
}

impl Project {
    pub fn open(root: PathBuf) -> Result<Project, String> {
        let list = read(&root.join("tools/mutants/files.txt"))?;
        let files = list.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let files: Vec<String> = files.map(str::to_owned).collect();
        let work = root.join("target/mutants");
        fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
        let mut project =
            Project { root, work, files, unviable: BTreeSet::new(), mutants: Vec::new(), places: BTreeMap::new() };
        project.recall_unviable()?;
        project.mutate()?;
        Ok(project)
    }

    pub fn copy(&self) -> PathBuf {
        self.work.join("copy")
    }

    pub fn name(&self, number: u32) -> String {
        self.mutants[number as usize - 1].name()
    }

    pub fn is_viable(&self, mutant: &Mutant) -> bool {
        !self.unviable.contains(&mutant.name())
    }

    /// Finds the mutants, and gives the text of the changed files.
    fn mutate(&mut self) -> Result<BTreeMap<String, String>, String> {
        self.mutants.clear();
        self.places.clear();
        let mut texts = BTreeMap::new();
        for file in &self.files {
            let source = read(&self.root.join(file))?;
            let first = self.mutants.len() as u32 + 1;
            let found = find(file, &source, first, &|name| self.unviable.contains(name))?;
            let rewritten = rewrite(&source, found.insertions);
            self.mutants.extend(found.mutants);
            self.places.insert(file.clone(), rewritten.places);
            texts.insert(file.clone(), rewritten.text);
        }
        Ok(texts)
    }

    /// Makes the copy, or brings it up to date. What has not changed is not touched, so that it is not built again.
    pub fn make(&mut self) -> Result<(), String> {
        let mut texts = self.mutate()?;
        let main = read(&self.root.join("src/lib.rs"))?;
        texts.insert("src/lib.rs".to_owned(), format!("{main}\n#[doc(hidden)]\npub mod mutants;\n"));
        texts.insert("src/mutants.rs".to_owned(), include_str!("switch.rs.txt").to_owned());
        let mut there = BTreeSet::new();
        self.copy_folder(Path::new(""), &texts, &mut there)?;
        for (file, text) in &texts {
            write_changed(&self.copy().join(file), text.as_bytes())?;
            there.insert(PathBuf::from(file));
        }
        remove_others(&self.copy(), Path::new(""), &there)
    }

    fn copy_folder(
        &self,
        at: &Path,
        but: &BTreeMap<String, String>,
        there: &mut BTreeSet<PathBuf>,
    ) -> Result<(), String> {
        for name in names(&self.root.join(at))? {
            let path = at.join(&name);
            if at == Path::new("") && NOT_COPIED.contains(&name.as_str()) {
                continue;
            }
            let from = self.root.join(&path);
            if from.is_dir() {
                self.copy_folder(&path, but, there)?;
            } else if from.is_file() && !but.contains_key(&path.to_string_lossy().into_owned()) {
                let bytes = fs::read(&from).map_err(|e| format!("{}: {e}", from.display()))?;
                write_changed(&self.copy().join(&path), &bytes)?;
                there.insert(path);
            }
        }
        Ok(())
    }

    /// What did not compile the last time still does not, as long as its file is the same.
    fn recall_unviable(&mut self) -> Result<(), String> {
        let Ok(list) = fs::read_to_string(self.work.join("unviable.txt")) else { return Ok(()) };
        let hashes: BTreeMap<&String, String> =
            self.files.iter().map(|f| Ok((f, hash(&read(&self.root.join(f))?)))).collect::<Result<_, String>>()?;
        let known = list.lines().filter_map(|line| line.split_once(' '));
        let same = known.filter(|(was, name)| {
            let file = name.split(':').next().unwrap_or_default().to_owned();
            hashes.get(&file).is_some_and(|now| now == was)
        });
        self.unviable = same.map(|(_, name)| name.to_owned()).collect();
        Ok(())
    }

    pub fn note_unviable(&self) -> Result<(), String> {
        let mut text = String::new();
        for file in &self.files {
            let now = hash(&read(&self.root.join(file))?);
            let here = self.unviable.iter().filter(|name| name.starts_with(&format!("{file}:")));
            here.for_each(|name| text.push_str(&format!("{now} {name}\n")));
        }
        write_changed(&self.work.join("unviable.txt"), text.as_bytes())
    }
}

fn hash(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

pub fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect())
}

pub fn write_changed(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|was| was == bytes) {
        return Ok(());
    }
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, bytes)).map_err(|e| format!("{}: {e}", path.display()))
}

/// What the project no longer has goes from its copy too.
fn remove_others(copy: &Path, at: &Path, there: &BTreeSet<PathBuf>) -> Result<(), String> {
    for name in names(&copy.join(at))? {
        let path = at.join(name);
        let full = copy.join(&path);
        if full.is_dir() {
            remove_others(copy, &path, there)?;
        } else if !there.contains(&path) {
            fs::remove_file(&full).map_err(|e| format!("{}: {e}", full.display()))?;
        }
    }
    Ok(())
}
