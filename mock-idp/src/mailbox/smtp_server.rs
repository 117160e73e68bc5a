//! SMTP on a socket: lines in, replies out.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Mailbox;
use super::smtp::{DELIVERED, GREETING, Next, Session};

const LONGEST_LINE: u64 = 16 * 1024;
const PATIENCE: Duration = Duration::from_mins(1);

/// Accepts connections until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, mailbox: Arc<Mailbox>) {
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let mailbox = Arc::clone(&mailbox);
                    conversations.spawn(async move {
                        if let Err(error) = converse(socket, &mailbox).await {
                            tracing::debug!(%error, "an SMTP conversation broke off");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "SMTP could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = conversations.join_next() => {}
        }
    }
}

async fn converse(mut socket: TcpStream, mailbox: &Mailbox) -> std::io::Result<()> {
    let (read, mut write) = socket.split();
    let mut read = BufReader::new(read);
    let mut session = Session::default();
    say(&mut write, GREETING).await?;
    loop {
        let line = match tokio::time::timeout(PATIENCE, next_line(&mut read)).await {
            Ok(line) => line?,
            Err(_) => return say(&mut write, "421 4.4.2 trop lent").await,
        };
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong => return say(&mut write, "500 5.5.2 ligne trop longue").await,
            Line::HungUp => return Ok(()),
        };
        match session.line(&line) {
            Next::Say(reply) => say(&mut write, reply).await?,
            Next::Listen => {}
            Next::Deliver(envelope) => {
                mailbox.receive_mail(&envelope.recipients, &envelope.body);
                say(&mut write, DELIVERED).await?;
            }
            Next::Bye => return say(&mut write, "221 2.0.0 au revoir").await,
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    HungUp,
}

async fn next_line(read: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Line> {
    let mut line = Vec::new();
    read.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
    if line.pop_if(|last| *last == b'\n').is_none() {
        let whole = u64::try_from(line.len()).unwrap_or(u64::MAX) >= LONGEST_LINE;
        return Ok(if whole { Line::TooLong } else { Line::HungUp });
    }
    line.pop_if(|last| *last == b'\r');
    Ok(Line::Whole(line))
}

async fn say(write: &mut (impl AsyncWriteExt + Unpin), reply: &str) -> std::io::Result<()> {
    write.write_all(format!("{reply}\r\n").as_bytes()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_travels_over_a_socket() -> Result<(), Box<dyn std::error::Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mailbox = Arc::new(Mailbox::default());
        let server = tokio::spawn(serve(listener, Arc::clone(&mailbox)));

        let mut socket = TcpStream::connect(address).await?;
        let dialogue = "EHLO moi\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n\
                        Subject: essai\r\n\r\nK7PXQ2RW\r\n.\r\nQUIT\r\n";
        socket.write_all(dialogue.as_bytes()).await?;
        let mut said = String::new();
        socket.read_to_string(&mut said).await?;
        server.abort();

        let finals: Vec<&str> =
            said.lines().filter(|line| line.chars().nth(3) == Some(' ')).collect();
        let codes: Vec<&str> = finals.iter().filter_map(|line| line.get(..3)).collect();
        assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
        let found = mailbox.messages("b@example.org");
        assert_eq!(
            found.first().map(|message| message.codes.clone()),
            Some(vec!["K7PXQ2RW".into()])
        );
        Ok(())
    }
}
