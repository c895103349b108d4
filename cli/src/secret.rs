//! Reading what must not be shown.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::failure::Failure;

/// The longest secret that is read, in bytes.
const MAX: u64 = 8192;

/// A terminal that does not show what is typed, as long as this value lives.
struct Silence {
    before: Termios,
}

impl Silence {
    fn of_terminal() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // There is nothing left to be done about a terminal that has gone.
        _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

/// A line that is typed at the terminal and not shown.
///
/// # Errors
/// If standard input is no terminal.
pub(crate) fn ask(prompt: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new("there is no terminal to type a token at")
            .hint("give it on standard input, with --token-stdin"));
    }
    let silence = Silence::of_terminal()?;
    _ = write!(io::stderr(), "{prompt}: ");
    let mut line = String::new();
    io::stdin().lock().take(MAX).read_line(&mut line)?;
    drop(silence);
    Ok(line)
}

/// All of standard input.
pub(crate) fn read() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin().lock().take(MAX).read_to_string(&mut text)?;
    Ok(text)
}
