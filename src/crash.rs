//! Crash points: the places at which a test kills this process.
//!
//! Whatever outlives the process (a commit of the store, a ref, a file that gets its name, a call to AWS that changes
//! something) stands between two crash points of one name: [`before`] and [`after`], or [`around`] for both. A test starts
//! the program with `LANDFALL_CRASH`, and the process ends at that point with SIGKILL: nothing is flushed, released or
//! said. `LANDFALL_CRASH_LOG` names a file to which every visit of a point is appended, so that a test knows which
//! points a story visits, and that no point of the source is left out.
//!
//! The points are in every build, because what is tested is then what is deployed: the tests kill the program itself, and
//! not a second build of it. Without the variables a point is one atomic read, next to a disk write or a call over
//! the network. Whoever can set the variables of the daemon's process can end the process anyway.
//!
//! Deliberately absent: a list of the points. The tests read the names in the source (`tests/stories/kill`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The variable that says where to die: `before NUMBER NAME` or `after NUMBER NAME`, for the visit of that number.
pub const CRASH: &str = "LANDFALL_CRASH";
/// The variable that names the file to which visits are appended, one name per line.
pub const LOG: &str = "LANDFALL_CRASH_LOG";

/// The side of what outlives the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Where to die.
#[derive(Debug)]
struct Death {
    side: Side,
    visit: u64,
    name: String,
}

#[derive(Debug)]
struct Armed {
    death: Option<Death>,
    visits: Mutex<BTreeMap<String, u64>>,
    log: Option<Mutex<File>>,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms the points with what the variables say. Done once, before anything else happens.
///
/// # Errors
/// A sentence if a value cannot be read or the file cannot be opened.
pub fn arm(crash: Option<&str>, log: Option<&Path>) -> Result<(), String> {
    if crash.is_none() && log.is_none() {
        return Ok(());
    }
    let death =
        crash.map(|text| death(text).ok_or_else(|| format!("{CRASH}: `{text}` is not `before|after NUMBER NAME`")));
    let open = |path: &Path| {
        let file = File::options().create(true).append(true).open(path);
        file.map(Mutex::new).map_err(|error| format!("{LOG}: cannot open {}: {error}", path.display()))
    };
    let armed = Armed { death: death.transpose()?, visits: Mutex::default(), log: log.map(open).transpose()? };
    ARMED.set(armed).map_err(|_| "the crash points are armed already".to_owned())
}

fn death(text: &str) -> Option<Death> {
    let (side, rest) = text.split_once(' ')?;
    let (visit, name) = rest.split_once(' ')?;
    let side = match side {
        "before" => Side::Before,
        "after" => Side::After,
        _ => return None,
    };
    Some(Death { side, visit: visit.parse().ok().filter(|visit| *visit > 0)?, name: name.to_owned() })
}

/// Something that outlives the process is about to happen.
pub fn before(name: &str) {
    if let Some(armed) = ARMED.get() {
        armed.visit(Side::Before, name);
    }
}

/// Something that outlives the process has happened, and nothing has followed from it yet.
pub fn after(name: &str) {
    if let Some(armed) = ARMED.get() {
        armed.visit(Side::After, name);
    }
}

/// Does something that outlives the process, between its two points.
pub fn around<T>(name: &str, effect: impl FnOnce() -> T) -> T {
    before(name);
    let done = effect();
    after(name);
    done
}

impl Armed {
    fn visit(&self, side: Side, name: &str) {
        let visit = {
            let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
            let visit = visits.entry(name.to_owned()).or_default();
            // Counted where it begins. The other side has the number of the last that began.
            if side == Side::Before {
                *visit += 1;
            }
            *visit
        };
        if side == Side::Before
            && let Some(log) = &self.log
        {
            let _ = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{name}");
        }
        if self.death.as_ref().is_some_and(|death| death.side == side && death.visit == visit && death.name == name) {
            die();
        }
    }
}

/// Ends this process as a power cut would, and does not return.
fn die() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}
