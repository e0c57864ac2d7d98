//! A server that says what a test tells it to, one answer after the other, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Clone)]
pub(super) enum Reply {
    /// Answers with a status and a body.
    Http(u16, String),
    /// Closes the connection without a word.
    Close,
    /// Says nothing for a second.
    Silence,
    /// Announces more than it sends, and closes.
    CutShort,
}

pub(super) struct Canned {
    pub(super) endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// Gives the replies in turn, the last one for ever. It says who it is whenever it is asked, beside the replies.
    pub(super) fn new(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(body) = request_body(&mut stream) else { continue };
                if body.contains("Action=GetCallerIdentity") {
                    answer(&mut stream, &Reply::Http(200, IDENTITY.to_owned()));
                    continue;
                }
                let turn = {
                    let mut log = log.lock().unwrap();
                    log.push(body);
                    log.len() - 1
                };
                answer(&mut stream, &replies[turn.min(replies.len() - 1)]);
            }
        });
        Self { endpoint, asked }
    }

    /// The bodies of all requests but those that ask who we are.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn request_body(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0usize) {
                return Some(body.to_owned());
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

fn answer(stream: &mut TcpStream, reply: &Reply) {
    let (status, body, length) = match reply {
        Reply::Http(status, body) => (*status, body.as_str(), body.len()),
        Reply::Close => return,
        Reply::Silence => return std::thread::sleep(std::time::Duration::from_secs(1)),
        Reply::CutShort => (200, "<Cre", 1000),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

const IDENTITY: &str = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::111111111111:user/deployer</Arn><UserId>A</UserId><Account>111111111111</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"#;

/// An error in CloudFormation's form.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::Http(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>r-1</RequestId></ErrorResponse>"
        ),
    )
}

/// An answer of CloudFormation.
pub(super) fn answered(operation: &str, inside: &str) -> Reply {
    Reply::Http(
        200,
        format!("<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"),
    )
}
