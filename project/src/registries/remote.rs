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
    ///
    /// Whoever writes a manifest chooses names and addresses in it, so a variable counts only for an
    /// address that the user gave: the one for the default registry, where he said which it is; the
    /// one for a name, where he said what the name stands for, or has logged in there already.
    fn token(&self, place: &Place, url: &Url) -> Result<Option<Token>, Error> {
        let kept = || Credentials::of(self.machine.store().home()).get(url);
        let own = match &place.name {
            Some(name)
                if self.is_users(name, place)? || (self.is_new(name) && kept()?.is_some()) =>
            {
                Some(variables::of_registry_token(name))
            }
            _ => None,
        };
        let is_default = place.registry.location == self.default.registry.location;
        let general =
            (is_default && self.default.trusted).then(|| variables::PUCK_REGISTRY_TOKEN.to_owned());
        for variable in own.into_iter().chain(general) {
            if let Some(value) = variables::get(&variable) {
                let token = value.to_str().and_then(|text| Token::new(text).ok());
                return token.map(Some).ok_or(Error::TokenVariable(variable));
            }
        }
        Ok(kept()?)
    }

    /// Whether the user himself says that `name` is the registry at `place`.
    fn is_users(&self, name: &str, place: &Place) -> Result<bool, Error> {
        let found = self.find(name)?.filter(|found| found.trusted);
        Ok(found.is_some_and(|found| found.registry.location == place.registry.location))
    }

    /// Whether the user himself says nothing of where `name` is.
    fn is_new(&self, name: &str) -> bool {
        let configured = &self.machine.settings().config.registries;
        let variable = variables::of_registry(name).and_then(|variable| variables::get(&variable));
        !configured.contains_key(name) && variable.is_none()
    }
}
