//! Downloads from a server on this machine that behaves, or does not.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::*;

/// What the server does with one connection.
#[derive(Clone, Copy)]
enum Reply {
    /// Sends the file, or the part that is asked for.
    Serve,
    /// Does so, but closes the connection after this many bytes.
    Cut(usize),
    /// Sends the file from its beginning, whatever is asked for.
    IgnoreRange,
    /// Says that it sends the part from byte 1 on, whatever is asked for.
    WrongRange,
    /// Refuses.
    Status(u16),
    /// Sends this many bytes, then nothing, and keeps the connection open.
    Stall(usize),
}

const FILE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const SHA256: &str = "74e7e5bb9d22d6db26bf76946d40fff3ea9f0346b884fd0694920fccfad15e33";

/// Serves one connection for each reply, and then returns the `Range` headers that came.
fn serve(replies: &'static [Reply]) -> (String, JoinHandle<Vec<Option<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mirror", listener.local_addr().unwrap());
    let answer_all =
        move || replies.iter().map(|&reply| answer(listener.accept().unwrap().0, reply)).collect();
    (url, thread::spawn(answer_all))
}

fn answer(mut stream: TcpStream, reply: Reply) -> Option<String> {
    let request: Vec<String> =
        BufReader::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
    assert_eq!(request[0], "GET /mirror/images.gz HTTP/1.1");
    let range =
        request.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let asked = range.as_deref().map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
    let (status, offset, length) = match reply {
        Reply::Status(status) => (status, FILE.len(), 0),
        Reply::IgnoreRange => (200, 0, FILE.len()),
        Reply::WrongRange => (206, 1, FILE.len()),
        Reply::Cut(length) | Reply::Stall(length) => (if asked > 0 { 206 } else { 200 }, asked, length),
        Reply::Serve => (if asked > 0 { 206 } else { 200 }, asked, FILE.len()),
    };
    let body = &FILE[offset..];
    let (last, total) = (FILE.len() - 1, FILE.len());
    let head = format!(
        "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\nContent-Range: bytes \
         {offset}-{last}/{total}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..length.min(body.len())]).unwrap();
    if let Reply::Stall(_) = reply {
        // Ends when the client has given up.
        stream.read_to_end(&mut Vec::new()).ok();
    }
    range
}

fn download(url: &str, directory: &Path) -> Download {
    let file = RemoteFile { name: "images.gz", bytes: FILE.len() as u64, sha256: SHA256 };
    Download::new("test", url, vec![file]).directory(directory).timeout(Duration::from_secs(20))
}

/// What is in the directory, without the lock.
fn files(directory: &Path) -> Vec<String> {
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != ".lock").collect()
}

/// Downloads successfully, and returns the ranges that were asked for.
fn ranges_of_a_good_download(partial: Option<&[u8]>, replies: &'static [Reply]) -> Vec<Option<String>> {
    let directory = tempfile::tempdir().unwrap();
    if let Some(partial) = partial {
        fs::write(directory.path().join("images.gz.partial"), partial).unwrap();
    }
    let (url, server) = serve(replies);
    assert_eq!(download(&url, directory.path()).run().unwrap(), directory.path());
    assert_eq!(files(directory.path()), ["images.gz"]);
    assert_eq!(fs::read(directory.path().join("images.gz")).unwrap(), FILE);
    server.join().unwrap()
}

/// The message of a failing download, with `URL` for the address, and the files it leaves behind.
fn failing_download(
    timeout: Duration,
    replies: &'static [Reply],
    sha256: &'static str,
) -> (String, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let (url, server) = serve(replies);
    let mut download = download(&url, directory.path()).timeout(timeout);
    download.files[0].sha256 = sha256;
    let message = download.run().unwrap_err().to_string();
    server.join().unwrap();
    (message.replace(&url, "URL"), files(directory.path()))
}

const PATIENCE: Duration = Duration::from_secs(20);

fn from(offset: usize) -> Option<String> {
    Some(format!("{offset}-"))
}

#[test]
fn a_file_arrives_under_its_name() {
    assert_eq!(ranges_of_a_good_download(None, &[Reply::Serve]), [None]);
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("images.gz"), "mine").unwrap();
    download("http://127.0.0.1:9/", directory.path()).run().unwrap();
    assert_eq!(fs::read(directory.path().join("images.gz")).unwrap(), b"mine");
}

#[test]
fn a_cut_download_goes_on_where_it_stopped() {
    assert_eq!(
        ranges_of_a_good_download(None, &[Reply::Cut(10), Reply::Cut(7), Reply::Serve]),
        [None, from(10), from(17)]
    );
}

#[test]
fn a_partial_file_of_an_earlier_run_is_completed() {
    assert_eq!(ranges_of_a_good_download(Some(&FILE[..12]), &[Reply::Serve]), [from(12)]);
}

#[test]
fn a_complete_partial_file_only_needs_its_name() {
    assert!(ranges_of_a_good_download(Some(FILE), &[]).is_empty());
}

#[test]
fn a_server_without_ranges_starts_again() {
    assert_eq!(ranges_of_a_good_download(Some(&FILE[..12]), &[Reply::IgnoreRange]), [from(12)]);
    let too_long = [FILE, b"!"].concat();
    assert_eq!(ranges_of_a_good_download(Some(&too_long), &[Reply::Serve]), [None]);
}

#[test]
fn a_server_with_other_ranges_is_asked_for_the_whole() {
    assert_eq!(
        ranges_of_a_good_download(Some(&FILE[..12]), &[Reply::WrongRange, Reply::Serve]),
        [from(12), None]
    );
    assert_eq!(
        ranges_of_a_good_download(Some(&FILE[..12]), &[Reply::Status(416), Reply::Serve]),
        [from(12), None]
    );
}

#[test]
fn a_wrong_checksum_removes_the_file() {
    let (message, files) = failing_download(PATIENCE, &[Reply::Serve], "00");
    assert_eq!(
        message,
        format!(
            "downloading URL/images.gz: expected a file with the SHA-256 checksum 00, found {SHA256}; it was removed, \
             try again or use another address"
        )
    );
    assert!(files.is_empty());
}

#[test]
fn a_refusal_names_address_and_status() {
    let (message, files) = failing_download(PATIENCE, &[Reply::Status(404)], SHA256);
    let expected =
        "downloading URL/images.gz: the server answered 404; check the address, or try again later";
    assert_eq!(message, expected);
    assert!(files.is_empty());
}

#[test]
fn a_silent_server_is_given_up_and_the_part_kept() {
    let (message, files) =
        failing_download(Duration::from_millis(300), &[Reply::Stall(5), Reply::Stall(0)], SHA256);
    assert_eq!(
        message,
        "downloading URL/images.gz: the server was silent for too long, with 5 of 36 bytes fetched; they are kept, run \
         again to go on from there"
    );
    assert_eq!(files, ["images.gz.partial"]);
}

#[test]
fn a_connection_that_always_breaks_is_given_up() {
    let (message, files) = failing_download(PATIENCE, &[Reply::Cut(5), Reply::Cut(0)], SHA256);
    assert!(
        message.starts_with("downloading URL/images.gz: ") && message.contains(", with 5 of 36 bytes"),
        "{message}"
    );
    assert_eq!(files, ["images.gz.partial"]);
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let message = download(&format!("http://{free}/"), directory.path()).run().unwrap_err().to_string();
    assert!(message.starts_with(&format!("downloading http://{free}/images.gz: ")), "{message}");
    assert!(message.contains(", with 0 of 36 bytes fetched;"), "{message}");
}

#[test]
fn two_downloads_to_one_directory_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let (url, server) = serve(&[Reply::Serve]);
    let download = download(&url, directory.path());
    thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| download.run().unwrap()));
        for one in both {
            one.join().unwrap();
        }
    });
    // The server answers once: whoever came second found the file.
    assert_eq!(server.join().unwrap(), [None]);
    assert_eq!(files(directory.path()), ["images.gz"]);
}

#[test]
fn a_user_without_cache_directory_is_told_what_to_do() {
    assert_eq!(
        DatasetError::NoCacheDirectory { name: "mnist" }.to_string(),
        "downloading mnist: this user has no cache directory; set HOME, or choose a directory"
    );
}
