//! `rehearse`: people play a scenario in their browsers.

mod doors;
mod keeper;
mod limits;
mod tokens;

use super::rehearsal_args::RehearseArgs;
use super::said::{Said, usage};
use super::{exit, files, interrupt, review, terminal};
use doors::Doors;
use firedrill::rehearse::{FACILITATOR, Header, Plan, Session};
use firedrill::replay::shell_word;
use firedrill::report::text;
use firedrill::rng::Luck;
use firedrill::scenario::Source;
use futures_util::future::{Either, select};
use keeper::{Keeper, Wish};
use limits::Doorway;
use std::fmt::Write as _;
use std::io::BufRead as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;
use tokens::Tokens;

/// What has to be typed before anybody outside of this machine can play.
const CONSENT: &str = "yes, listen to others";

/// Serves a rehearsal until Ctrl-C.
pub fn rehearse(args: &RehearseArgs) -> Said {
    let (source, plan) = match plan_of(args) {
        Ok(read) => read,
        Err(said) => return said,
    };
    if let Err(said) = is_named(args).and_then(|()| ask_for_consent(args.listen)) {
        return said;
    }
    // Before anything is written: the port can be another's, and port 0 is whichever is free.
    let (listener, listen) = match bind(args.listen) {
        Ok(bound) => bound,
        Err(failed) => return failed,
    };
    let hosts = hosts_of(listen, &args.host);
    let path = args.log.clone().unwrap_or_else(|| default_log(&args.file));
    let mut said = Said::default();
    let (session, header, whole) = match begin(&plan, &path, &args.choice.set) {
        Ok(begun) => begun,
        Err(failed) => return failed,
    };
    let kept = Keeper::new(session, &path, whole, &header).and_then(|keeper| {
        Ok((keeper, Tokens::kept_in(&seats_of(&path), plan.seats.iter().map(|s| s.name.as_str()))?))
    });
    let ((mut keeper, screens), tokens) = match kept {
        Ok(kept) => kept,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if let Some(text) = &args.back
        && let Err(why) = plan.world.time(text).and_then(|to| keeper.back(to, format!("from {text}")))
    {
        return usage(&format!("--back {text}: {why}"));
    }
    let (wishes, wanted) = mpsc::channel::<Wish>();
    let keeping = std::thread::spawn(move || keeper.keep(&wanted));
    let links = links(&hosts[0], &tokens, &path, listen);
    let review = review::maker(source, plan, header, args.draws);
    let doors = Doors::new(tokens, hosts, wishes, screens, review);
    if let Err(error) = serve(listener, doors, &links) {
        let _ = keeping.join();
        return cannot_listen(listen, &error);
    }
    let _ = keeping.join();
    let (file, log) = (shell_word(&args.file.display().to_string()), shell_word(&path.display().to_string()));
    said.out = format!(
        "\nthe log is in {log}; go on with the same command, or look at it:\n  firedrill review {file} --log {log}\n"
    );
    said
}

fn plan_of(args: &RehearseArgs) -> Result<(Source, Plan), Said> {
    let mut said = Said::default();
    let source = files::read(&args.file).map_err(|error| {
        said.file_error(&error);
        std::mem::take(&mut said)
    })?;
    let luck = Luck { seed: args.luck.seed, replication: 0 };
    match Plan::of(&source, &args.choice.choice(), luck) {
        Ok(plan) => Ok((source, plan)),
        Err(mistakes) => {
            said.mistakes(&source, &mistakes);
            Err(said)
        }
    }
}

/// The log beside the place where the command is given.
fn default_log(file: &Path) -> PathBuf {
    let stem = file.file_stem().map_or_else(|| "rehearsal".into(), |stem| stem.to_string_lossy().into_owned());
    PathBuf::from(format!("{stem}.rehearsal.jsonl"))
}

/// Where the tokens of a log are kept: apart, so that a log can be given away.
fn seats_of(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".seats");
    PathBuf::from(name)
}

/// A new session, or the one that a log has got to.
fn begin(plan: &Plan, path: &Path, set: &[(String, String)]) -> Result<(Session, Header, Option<usize>), Said> {
    let header = Header::of(plan, set);
    if !path.exists() {
        return Ok((Session::new(plan.clone()), header, None));
    }
    let log = review::read_log(path)?;
    review::check_header(&log, plan, path)?;
    let whole = log.whole;
    Ok((Session::resume(plan.clone(), log.entries), header, Some(whole)))
}

/// Takes the port, or says that it cannot be had.
fn bind(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Said> {
    let bound = TcpListener::bind(listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((listener, at))
    });
    bound.map_err(|error| cannot_listen(listen, &error))
}

fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> Said {
    Said {
        err: format!("error: cannot listen on {listen}: {error}; name another with --listen\n"),
        code: exit::FILES,
        ..Said::default()
    }
}

/// Whoever listens on every address says under which of them players ask.
fn is_named(args: &RehearseArgs) -> Result<(), Said> {
    match args.listen.ip().is_unspecified() && args.host.is_empty() {
        true => Err(usage("--listen on every address needs --host with the name or the address that players type")),
        false => Ok(()),
    }
}

/// Under which names browsers may ask, with the port.
fn hosts_of(listen: SocketAddr, named: &[String]) -> Vec<String> {
    let port = listen.port();
    let mut hosts: Vec<String> = named.iter().map(|host| format!("{host}:{port}")).collect();
    if !listen.ip().is_unspecified() {
        hosts.insert(0, listen.to_string());
    }
    hosts.extend([format!("localhost:{port}"), format!("127.0.0.1:{port}")]);
    hosts.dedup();
    hosts
}

/// Whoever opens a door to others says so, in words.
fn ask_for_consent(listen: SocketAddr) -> Result<(), Said> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    let whom = match listen.ip() {
        IpAddr::V4(ip) if ip.is_private() => "Everybody in the same network",
        ip if ip.is_unspecified() => "Everybody who can reach this machine by any of its networks",
        _ => "Everybody who can reach this address",
    };
    terminal::complain(&format!(
        "{whom} will be able to ask this machine at {listen}.\n\
         What is sent is not encrypted: whoever listens in the network can read it, and take a seat.\n\
         Nobody can do anything without a link to a seat; nothing but the rehearsal can be reached.\n\
         Type \"{CONSENT}\" and press Enter to go on: "
    ));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_ok() && line.trim().eq_ignore_ascii_case(CONSENT) {
        return Ok(());
    }
    Err(usage("nobody said that others may be listened to; leave out --listen to play on this machine alone"))
}

/// What is printed: a link for each seat, and one for whoever plays alone.
fn links(host: &str, tokens: &Tokens, path: &Path, listen: SocketAddr) -> String {
    let mut out = String::new();
    let widest = tokens.iter().map(|(seat, _)| seat.chars().count()).max().unwrap_or(0);
    for (seat, token) in tokens.iter() {
        let _ = writeln!(out, "  {:widest$}  http://{host}/#{token}", text::clean(seat));
    }
    let all: Vec<&str> = tokens.iter().map(|(_, token)| token).collect();
    let others = match listen.ip().is_loopback() {
        true => "\nOnly this machine can open them. Others in a room play with --listen ADDRESS:PORT.\n",
        false => "\n",
    };
    format!(
        "A link for each seat: whoever has it sits there. Begin with the {FACILITATOR}'s.\n\n{out}\n\
         Alone, at all of them:\n  http://{host}/#{}\n{others}Log: {}. Ctrl-C ends the program; the same command goes on.\n",
        all.join(","),
        text::clean(&path.display().to_string()),
    )
}

/// Listens, says the links, and answers until Ctrl-C.
fn serve(listener: TcpListener, doors: Doors, links: &str) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        terminal::print(links)?;
        interrupt::listen();
        let server = pin!(axum::serve(Doorway::new(listener), doors.router()).into_future());
        match select(server, pin!(interrupted())).await {
            Either::Left((served, _)) => served,
            Either::Right(_) => Ok(()),
        }
    })
}

async fn interrupted() {
    while !interrupt::asked() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
