//! The real program, killed with SIGKILL at its crash points and started again: nothing is lost, nothing happens twice.
//!
//! A story (`stories`) is a git repository on disk, a simulated account behind the AWS wire, and the program run again and
//! again: the daemon, and commands that write. It is told once undisturbed, which shows which points (`points`) it
//! visits and what it leaves behind. Then it is told with the program killed at one visit of one point and run
//! again, and has to leave the same behind. A point of the source that no story visits fails the test.
//!
//! `outages` tells the same stories on virtual time, and lets calls to AWS go wrong instead.
//!
//! Every run of the tests kills before and after each point once, in the first story that visits it, and at every visit of the
//! first story. `LANDFALL_KILLS=all` (`./tests/run nightly`) kills at every visit of every point of every story.

mod git_server;
mod outages;
mod points;
mod run;
mod stage;
mod stories;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use run::{Death, Run};
use stage::Left;
use stories::{STORIES, Story, Tell};

/// More visits of one point in one story tell nothing new.
const VISITS: u64 = 40;

/// Programs wait more than they compute: for the account, for the next look.
const WORKERS: usize = 8;

/// What a story does undisturbed.
struct Told {
    story: Story,
    left: Left,
    /// Visits of each point, by the number of the program that ran.
    visits: Vec<BTreeMap<String, u64>>,
    died: bool,
}

/// One death that is tried.
struct Trial {
    story: usize,
    death: Death,
}

/// Does everything on several threads, the last first, because that takes the longest; gives the results in order.
fn on_threads<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let todo: Mutex<VecDeque<usize>> = Mutex::new((0..all.len()).collect());
    let done: Mutex<BTreeMap<usize, R>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = todo.lock().unwrap().pop_back();
                    let Some(next) = next else { return };
                    let result = work(&all[next]);
                    done.lock().unwrap().insert(next, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}

/// Tells a story with this death in it; what is left behind, or what made no sense on the way.
fn tell(story: Story, death: Option<Death>) -> Result<Told, String> {
    let told = std::panic::catch_unwind(|| {
        let mut run = Run::new(death.clone());
        match story.tell {
            Tell::Anywhere(tell) | Tell::Narrowly(tell) => tell(&mut run),
            Tell::Really(tell) => tell(&mut run),
        }
        let died = run.died();
        let (left, visits) = run.end();
        Told { story, left, visits, died }
    });
    told.map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()));
        let death = death.map_or_else(|| "undisturbed".to_owned(), |death| death.to_string());
        format!("{}: {death}: {}", story.name, words.unwrap_or_default())
    })
}

/// The deaths of a night: every visit; or of every day: each point once, and the first story whole.
fn trials(told: &[Told], all: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut seen = BTreeSet::new();
    for (story, one) in told.iter().enumerate() {
        for (program, points) in one.visits.iter().enumerate() {
            for (name, visits) in points {
                let first = seen.insert(name.clone());
                let whole = story == 0 || all && !matches!(one.story.tell, Tell::Narrowly(_));
                let visits = match (whole, first) {
                    (true, _) => (*visits).min(VISITS),
                    (false, true) => 1,
                    (false, false) => 0,
                };
                for visit in 1..=visits {
                    for side in ["before", "after"] {
                        trials.push(Trial { story, death: Death { program, side, visit, name: name.clone() } });
                    }
                }
            }
        }
    }
    trials
}

#[test]
fn killed_at_any_point_the_program_does_each_thing_once() {
    let all = std::env::var("LANDFALL_KILLS").is_ok_and(|kills| kills == "all");
    let (mut told, mut broken) = (Vec::new(), Vec::new());
    for story in on_threads(STORIES, |story| tell(*story, None)) {
        match story {
            Ok(story) => told.push(story),
            Err(words) => broken.push(words),
        }
    }
    let trials = trials(&told, all);
    let results = on_threads(&trials, |trial| {
        let (right, name) = (&told[trial.story], &trial.death);
        let killed = tell(right.story, Some(trial.death.clone()))?;
        // How often a point is visited depends on how quickly the account answers; that it is visited does not.
        if !killed.died && trial.death.visit == 1 {
            return Err(format!("{}: {name} is never reached", right.story.name));
        }
        match killed.left == right.left {
            true => Ok(()),
            false => Err(format!("{}: {name}:\n{}", right.story.name, killed.left.unlike(&right.left))),
        }
    });
    let wrong: Vec<String> = broken.into_iter().chain(results.into_iter().filter_map(Result::err)).collect();
    println!("{}", table(&told, &trials));
    let visited: BTreeSet<&String> = told.iter().flat_map(|told| &told.visits).flat_map(BTreeMap::keys).collect();
    let missing: Vec<String> = points::all().into_iter().filter(|name| !visited.contains(name)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} deaths did harm:\n{}\nnot visited: {missing:?}",
        wrong.len(),
        trials.len(),
        wrong.join("\n")
    );
    assert!(missing.is_empty(), "no story visits these points: {missing:#?}");
}

/// How often each point was visited undisturbed, and at how many of its visits the program was killed.
fn table(told: &[Told], trials: &[Trial]) -> String {
    let mut lines: BTreeMap<&str, (u64, usize, BTreeSet<&str>)> = BTreeMap::new();
    for one in told {
        for (name, visits) in one.visits.iter().flatten() {
            let line = lines.entry(name).or_default();
            line.0 += visits;
            line.2.insert(one.story.name);
        }
    }
    for trial in trials {
        lines.entry(&trial.death.name).or_default().1 += 1;
    }
    let drawn = lines.iter().map(|(name, (visits, kills, stories))| {
        let stories: Vec<&str> = stories.iter().copied().collect();
        format!("{name:<32} {visits:>6} visits {kills:>5} kills  {}\n", stories.join(", "))
    });
    format!(
        "{} crash points, {} stories, {} kills\n{}",
        lines.len(),
        told.len(),
        trials.len(),
        drawn.collect::<String>()
    )
}
