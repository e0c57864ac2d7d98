//! Forges: the clients and what they keep in a pull request, against models of the APIs of GitHub, GitLab and Gitea.

mod clients;
mod keeping;
mod links;
pub(crate) mod model;
mod published;
