//! The JSON API: who may ask, what is answered, and what the client makes of it.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use landfall::cli::output::Format;
use landfall::cli::server::Server;
use landfall::model::journal::DeploymentId;
use landfall::web::{Bounds, Form, ListenError, NoPage, Page, Pages, Ready, may_listen, router, serve};

struct Echo;

#[async_trait]
impl Pages for Echo {
    async fn ready(&self) -> Ready {
        Ready { able: false, text: "{\"ready\": false}".to_owned() }
    }

    async fn page(&self, page: Page, form: Form) -> Result<String, NoPage> {
        match page {
            Page::Deployment(id) if id == DeploymentId(7) => Err(NoPage::NoDeployment(id)),
            Page::Facts => Err(NoPage::NotYet),
            page => Ok(format!("{:?}", format!("{page:?} {form:?}"))),
        }
    }
}

fn start(token: Option<&str>) -> (SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve(
        listener,
        router(Arc::new(Echo), token.map(Arc::from)),
        Bounds::default(),
        std::future::pending(),
    ));
    (address, runtime)
}

fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.get(format!("http://{address}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

#[test]
fn the_client_gets_every_page_in_both_forms() {
    let (address, _runtime) = start(None);
    let server = Server::new(&format!("http://{address}/"));
    for (path, page) in [
        ("/status", "Status"),
        ("/plan", "Plan { diff: false }"),
        ("/plan?diff=true", "Plan { diff: true }"),
        ("/history", "History"),
        ("/doctor", "Doctor(None)"),
        ("/doctor/shop-web-test-main", "Doctor(Some(\"shop-web-test-main\"))"),
        ("/history/3", "Deployment(DeploymentId(3))"),
    ] {
        assert_eq!(server.value::<String>(path).unwrap(), format!("{page} Json"));
        assert_eq!(server.page(path, Format::Terminal).unwrap(), format!("{:?}", format!("{page} Terminal")));
    }
}

#[test]
fn what_is_not_there_is_said() {
    let (address, _runtime) = start(None);
    assert_eq!(get(address, "/healthz", &[]), (200, "ok\n".to_owned()));
    assert_eq!(get(address, "/readyz", &[]), (503, "{\"ready\": false}".to_owned()), "alive, and not able");
    assert_eq!(get(address, "/api/v1/facts", &[]).0, 503);
    assert_eq!(get(address, "/api/v1/nothing", &[]).0, 404);
    assert_eq!(get(address, "/api/v1/history/0", &[]).0, 400);
    let error = Server::new(&format!("http://{address}")).page("/history/7", Format::Json).unwrap_err();
    assert_eq!(error.message, format!("the daemon at http://{address} answers 404: there is no deployment 7"));
    let nobody = Server::new("http://127.0.0.1:9").page("/status", Format::Json).unwrap_err();
    assert!(nobody.message.contains("cannot ask the daemon"), "{nobody}");
}

#[test]
fn a_name_that_points_here_is_not_enough() {
    let (address, _runtime) = start(None);
    assert_eq!(get(address, "/api/v1/status", &[("host", "evil.example")]).0, 403);
    assert_eq!(get(address, "/api/v1/status", &[("host", "localhost:1")]).0, 200);
    assert_eq!(get(address, "/api/v1/status", &[("host", "[::1]:7117")]).0, 200);
}

#[test]
fn a_token_is_asked_for_where_there_is_one() {
    let token = "a-long-enough-token";
    let (address, _runtime) = start(Some(token));
    assert_eq!(get(address, "/api/v1/status", &[]).0, 401);
    assert_eq!(get(address, "/api/v1/status", &[("authorization", "Bearer wrong")]).0, 401);
    let right = format!("Bearer {token}");
    assert_eq!(get(address, "/api/v1/status", &[("authorization", &right), ("host", "deploy.example")]).0, 200);
}

#[test]
fn an_open_address_needs_a_token() {
    let open: SocketAddr = "0.0.0.0:7117".parse().unwrap();
    assert_eq!(may_listen(open, None), Err(ListenError::Open(open)));
    assert_eq!(may_listen(open, Some("short")), Err(ListenError::Weak(5)));
    assert_eq!(may_listen(open, Some("0123456789abcdef")), Ok(()));
    assert_eq!(may_listen("[::1]:7117".parse().unwrap(), None), Ok(()));
}
