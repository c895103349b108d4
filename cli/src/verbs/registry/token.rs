//! `puck registry token`

use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use puck_registry_server::access::{NewToken, Pattern, Scope, Token, User};
use puck_registry_server::http::block_on;
use serde::Serialize;

use super::place::PlaceArguments;
use crate::arguments::Format;
use crate::console::{Console, FAINT, NAME};
use crate::failure::Failure;
use crate::settings::Settings;

/// Make, show and revoke the tokens by which others change a registry
#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    #[command(subcommand)]
    verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
enum TokenVerb {
    Create(CreateArguments),
    List(ListArguments),
    Revoke(RevokeArguments),
}

/// Make a token and print it
///
/// It is printed once and stored nowhere: the registry keeps its hash. Whoever gets it keeps it
/// with `puck login`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  puck registry token create /srv/puck --user alice
  puck registry token create /srv/puck --user ci --scope publish-update --package 'lin*' --expires 90d
  puck registry token create /srv/puck --user bob --scope read")]
struct CreateArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Who will hold it
    #[arg(long, value_name = "USER")]
    user: User,
    /// What it allows: publish-new, publish-update, yank, owners, read; may be repeated
    /// [default: all of them]
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// With which packages: a name, or the beginning of names and `*`; may be repeated
    #[arg(
        long = "package",
        value_name = "PATTERN",
        default_value = "*",
        value_delimiter = ','
    )]
    packages: Vec<Pattern>,
    /// How long it is good: days (90d), or until a date (2027-01-31) [default: for ever]
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    expires: Option<Timestamp>,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Show the tokens, without their secrets
#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The form of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// Have a token be good for nothing from now on
#[derive(Debug, Args)]
struct RevokeArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The token's id, as `puck registry token list` shows it
    #[arg(value_name = "ID")]
    id: String,
}

pub(super) fn run(
    arguments: &TokenArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    match &arguments.verb {
        TokenVerb::Create(arguments) => create(arguments, settings, console),
        TokenVerb::List(arguments) => list(arguments, settings, console),
        TokenVerb::Revoke(RevokeArguments { place, id }) => {
            let service = place.service(settings)?;
            block_on(service.revoke_token(id))??;
            console.done("Revoked", format_args!("token {id}"));
            Ok(())
        }
    }
}

fn create(
    arguments: &CreateArguments,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    /// What `--format json` prints.
    #[derive(Serialize)]
    struct Created<'a> {
        #[serde(flatten)]
        shown: Shown,
        token: &'a str,
    }

    let CreateArguments {
        place,
        user,
        scopes,
        packages,
        expires,
        format,
    } = arguments;
    let scopes = if scopes.is_empty() {
        Scope::ALL.into()
    } else {
        scopes.iter().copied().collect()
    };
    let new = NewToken {
        user: user.clone(),
        scopes,
        packages: packages.clone(),
        expires: *expires,
    };
    let service = place.new_service(settings)?;
    let (token, secret) = block_on(service.create_token(new))??;
    match format {
        Format::Json => console.json(&Created {
            shown: Shown::of(&token),
            token: secret.text(),
        }),
        Format::Text => {
            console.done("Created", format_args!("token {} for {user}", token.id));
            console.note("it is shown this once; keep it with `puck login`");
            console.line(secret.text())
        }
    }
}

fn list(arguments: &ListArguments, settings: &Settings, console: &Console) -> Result<(), Failure> {
    let ListArguments { place, format } = arguments;
    let service = place.service(settings)?;
    let tokens: Vec<Shown> = block_on(service.tokens())??.iter().map(Shown::of).collect();
    match format {
        Format::Json => console.json(&serde_json::json!({ "tokens": tokens })),
        Format::Text => {
            for token in tokens {
                let Shown {
                    id,
                    user,
                    scopes,
                    packages,
                    created,
                    expires,
                } = token;
                let until = expires
                    .map(|time| format!(", until {time}"))
                    .unwrap_or_default();
                console.line(format_args!(
                    "{NAME}{id}{NAME:#} {user}: {} of {} {FAINT}since {created}{until}{FAINT:#}",
                    scopes.join(", "),
                    packages.join(", "),
                ))?;
            }
            Ok(())
        }
    }
}

/// What is shown of a token.
#[derive(Serialize)]
struct Shown {
    id: String,
    user: String,
    scopes: Vec<String>,
    packages: Vec<String>,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl Shown {
    fn of(token: &Token) -> Self {
        Self {
            id: token.id.clone(),
            user: token.user.to_string(),
            scopes: token.scopes.iter().map(ToString::to_string).collect(),
            packages: token.packages.iter().map(ToString::to_string).collect(),
            created: token.created.to_string(),
            expires: token.expires.map(|time| time.to_string()),
        }
    }
}

/// When `text` is: in so many days, at the end of a day, or a moment.
fn expiry(text: &str) -> Result<Timestamp, String> {
    let expected =
        || format!("expected days (90d), a date (2027-01-31) or a moment, found `{text}`");
    if let Some(days) = text.strip_suffix('d') {
        let days: i64 = days.parse().map_err(|_| expected())?;
        let span = days.checked_mul(24).ok_or_else(expected)?;
        let span = 0.hours().try_hours(span).map_err(|_| expected())?;
        let then = Timestamp::now().checked_add(span).map_err(|_| expected())?;
        // Parts of a second would only be longer to read.
        return Timestamp::from_second(then.as_second()).map_err(|_| expected());
    }
    if let Ok(date) = text.parse::<Date>() {
        let day = date
            .tomorrow()
            .and_then(|next| next.to_zoned(TimeZone::UTC));
        return day.map(|next| next.timestamp()).map_err(|_| expected());
    }
    text.parse().map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        assert_eq!(
            expiry("2027-01-31").unwrap().to_string(),
            "2027-02-01T00:00:00Z"
        );
        assert_eq!(
            expiry("2027-01-31T12:00:00Z").unwrap().to_string(),
            "2027-01-31T12:00:00Z"
        );
        let days = expiry("2d").unwrap().duration_since(Timestamp::now());
        assert!((47..=48).contains(&days.as_hours()), "{days}");
        for text in [
            "",
            "d",
            "xd",
            "99999999999999999999d",
            "999999999999d",
            "soon",
            "2027-02-30",
        ] {
            assert!(expiry(text).is_err(), "{text}");
        }
    }
}
