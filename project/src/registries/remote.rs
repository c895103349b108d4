//! How a registry over HTTP is spoken to: its cache, the token, patience.

use puck_package::variables;
use puck_registry_client::{Credentials, Retry, Settings, Token, cache_directory};
use url::Url;

use super::{Place, Registries};
use crate::Error;

impl Registries<'_> {
    /// How the registry at a place is spoken to.
    pub(crate) fn client_settings(&self, place: &Place, url: &str) -> Result<Settings, Error> {
        let machine = self.machine.settings();
        let home = self.machine.store().home();
        let parsed: Url = url
            .parse()
            .map_err(|error: url::ParseError| Error::Address {
                url: url.to_owned(),
                origin: place.origin.clone(),
                reason: error.to_string(),
            })?;
        let name = place.name.as_deref().or(parsed.host_str());
        let cache = cache_directory(&home.join("index"), name.unwrap_or("registry"), &parsed);
        let retry = match &machine.config.http_retries {
            Some(count) if variables::get(variables::PUCK_HTTP_RETRIES).is_none() => Retry {
                count: count.value,
                ..Retry::default()
            },
            _ => Retry::from_environment()?,
        };
        Ok(Settings {
            cache: Some(cache),
            token: self.token(place, &parsed)?,
            certificates: place.registry.certificates.clone(),
            plain_http_token: place.registry.plain_http_token,
            offline: self.offline.is_some(),
            retry,
            notices: machine.notices.clone(),
            ..Settings::new(parsed)
        })
    }

    /// What the registry at a place knows the user by: what a variable says, or what `puck login`
    /// kept for that address.
    fn token(&self, place: &Place, url: &Url) -> Result<Option<Token>, Error> {
        if place.trusted {
            let is_default = place.registry.location == self.default.registry.location;
            let own = place.name.as_deref().map(variables::of_registry_token);
            let general = is_default.then(|| variables::PUCK_REGISTRY_TOKEN.to_owned());
            for variable in own.into_iter().chain(general) {
                if let Some(value) = variables::get(&variable) {
                    let token = value.to_str().and_then(|text| Token::new(text).ok());
                    return token.map(Some).ok_or(Error::TokenVariable(variable));
                }
            }
        }
        Ok(Credentials::of(self.machine.store().home()).get(url)?)
    }
}
