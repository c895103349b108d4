use super::*;
use proptest::prelude::*;

fn line(state: &LogState, name: usize, version: u64) -> String {
    let text = format!(
        r#"{{"format":1,"number":0,"previous":null,"action":"publish","name":"p{name}","version":"{version}.0.0","sha256":"{}","time":"2026-08-04T12:00:00Z"}}"#,
        Digest::of(&version.to_le_bytes())
    );
    LogEntry::parse("x", text.as_bytes())
        .unwrap()
        .after(state)
        .to_json()
}

fn text(names: &[usize]) -> Vec<u8> {
    let (mut state, mut bytes) = (LogState::default(), Vec::new());
    for (version, name) in names.iter().enumerate() {
        let line = line(&state, *name, version as u64);
        state = state.and(line.as_bytes());
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

fn transport() -> Transport {
    Transport::new(crate::Settings::new("http://localhost/".parse().unwrap()))
}

fn url() -> Url {
    "http://localhost/log.jsonl".parse().unwrap()
}

fn from(bytes: &[u8], from: usize) -> Part {
    Part {
        from: from as u64,
        bytes: bytes[from.min(bytes.len())..].to_vec(),
    }
}

proptest! {
    /// However the log's growth is split among looks, and wherever the first one begins, and
    /// torn wherever it is while a line is written: the last look ends where one look would,
    /// and knows of each package that changed since the first.
    #[test]
    fn looks_add_up(
        names in prop::collection::vec(0usize..5, 1..30),
        mut cuts in prop::collection::vec(0.0f64..1.0, 1..6),
        tail in 200usize..5000,
        ranges: bool,
    ) {
        let log = text(&names);
        cuts.sort_by(f64::total_cmp);
        let (transport, url) = (transport(), url());
        let mut position: Option<Position> = None;
        let mut first_length = 0;
        for cut in cuts.into_iter().chain([1.0]) {
            let seen = &log[..(log.len() as f64 * cut) as usize];
            position = Some(match position {
                None => {
                    let start = if ranges { seen.len().saturating_sub(tail) } else { 0 };
                    let found = first(&transport, &url, &from(seen, start))
                        .or_else(|Misfit| first(&transport, &url, &from(seen, 0)));
                    let found = found.ok().unwrap();
                    first_length = found.length;
                    found
                }
                Some(before) => {
                    let start = if ranges { before.start as usize } else { 0 };
                    further(&url, &before, &from(seen, start)).ok().unwrap()
                }
            });
        }
        let position = position.unwrap();
        let mut one = Position::new(String::new());
        advance(&mut one, &url, &log).unwrap();
        prop_assert_eq!(
            (position.length, position.start, position.number, position.head),
            (one.length, one.start, one.number, one.head)
        );
        let (_, entries) = log::follow("x", &log, LogState::default()).unwrap();
        let mut length = 0;
        for entry in entries {
            length += entry.to_json().len() as u64 + 1;
            let change = position.changed.get(&entry.name);
            if length > first_length {
                let change = change.unwrap();
                prop_assert!(change.length >= length);
                prop_assert!(change.version >= entry.version);
            }
        }
    }

    /// Bytes of any kind, in place of what should come, are refused and never a panic.
    #[test]
    fn other_bytes_do_not_fit(
        names in prop::collection::vec(0usize..5, 1..6),
        at: prop::sample::Index,
        bit in 0u8..8,
        start in 0u64..3000,
    ) {
        let log = text(&names);
        let mut position = Position::new(String::new());
        advance(&mut position, &url(), &log).unwrap();
        let mut part = from(&log, position.start as usize);
        let byte = at.index(part.bytes.len());
        part.bytes[byte] ^= 1 << bit;
        prop_assert!(further(&url(), &position, &part).is_err());
        let part = Part { from: start, bytes: log.clone() };
        if start != 0 {
            prop_assert!(further(&url(), &position, &part).is_err());
        }
        let _ = first(&transport(), &url(), &part);
    }
}
