//! Resolutions and conflicts, whole: small tables of packages in, answers and texts out.

mod conflicts;
mod oracle;
mod random;
mod resolutions;
mod scenario;
mod scenarios;
mod speed;
