//! PDF files, checked in their structure without being built.
//!
//! A parser that builds objects can be made to build far more than the file holds (many entries of
//! the cross-reference table may share one long array), and what it skips another one may read. So
//! nothing is built and no table is followed: the bytes are walked through once, whatever is
//! compressed is unpacked within a limit and walked through as well, and a *name* that only active
//! content has is refused wherever it stands, used or not (ISO 32000-1: 7.3.5 names, 7.5 structure,
//! 12.6 actions).

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::Flaw;

/// What one stream may hold once unpacked, and all of them together.
struct Room {
    one: usize,
    all: usize,
}

/// A page at 600 dots an inch fits in, in grey.
const ROOM: Room = Room { one: 48 << 20, all: 96 << 20 };
/// Streams, at most.
const MOST_STREAMS: usize = 20_000;
/// Readers look for the end of the file this far back (ISO 32000-1, annex H, note 18).
const END: usize = 1024;
/// The longest name (ISO 32000-1, annex C); in files each byte of it may take three.
const LONGEST_NAME: usize = 3 * 127;
/// As long as the longest word that we look for.
const LONGEST_WORD: usize = 16;
/// How a stream begins, and how the word for its end ends.
const STREAM: &[u8] = b"stream";

/// What only active content and attachments have (sections 7.11.4, 12.6.4, 12.7.8 and 13.6).
const ACTIVE: [&[u8]; 10] = [
    b"JavaScript",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"XFA",
    b"RichMedia",
    b"SubmitForm",
    b"ImportData",
    b"GoToE",
    b"Rendition",
];
/// The same, too short to be looked for in compressed bytes, where chance writes them.
const ACTIVE_AND_SHORT: [&[u8]; 2] = [b"JS", b"AA"];
/// Ways to write an object stream that no writer uses, and that we do not unpack.
const ODD_FILTERS: [&[u8]; 5] =
    [b"ASCII85Decode", b"ASCIIHexDecode", b"LZWDecode", b"RunLengthDecode", b"BrotliDecode"];

/// What the names tell so far.
#[derive(Default)]
struct Seen {
    page: bool,
    catalog: bool,
    packed: Packed,
}

/// How its objects are packed.
#[derive(Default)]
struct Packed {
    in_streams: bool,
    oddly: bool,
}

/// Whether somebody can look at it, and only look.
pub(super) fn inspect(bytes: &[u8]) -> Result<(), Flaw> {
    inspect_within(&ROOM, bytes)
}

fn inspect_within(room: &Room, bytes: &[u8]) -> Result<(), Flaw> {
    let end = bytes.get(bytes.len().saturating_sub(END)..).unwrap_or_default();
    if !contains(end, b"startxref") || !contains(end, b"%%EOF") {
        return Err(Flaw::Unreadable);
    }
    let mut seen = Seen::default();
    let (mut rest, mut unpacked, mut streams) = (bytes, 0, 0);
    while let Some(at) = rest.windows(STREAM.len()).position(|word| word == STREAM) {
        let (before, after) = rest.split_at(at);
        rest = after.get(STREAM.len()..).unwrap_or_default();
        if before.ends_with(b"end") {
            seen.walk(before, false)?;
            continue;
        }
        let of_objects = seen.walk(before, true)?;
        streams += 1;
        if streams > MOST_STREAMS {
            return Err(Flaw::TooLarge);
        }
        let body = content(rest);
        let found = unpack(body, room.one.min(room.all.saturating_sub(unpacked)))?;
        unpacked += found.len();
        let objects = if found.is_empty() { body } else { &found };
        // Object streams begin with a number (7.5.7); anything else hides behind a second coat.
        if of_objects && !objects.first().is_some_and(|c| c.is_ascii_digit() || is_blank(*c)) {
            return Err(Flaw::Unreadable);
        }
        seen.walk(&found, of_objects)?;
    }
    seen.walk(rest, true)?;
    let is_hidden = seen.packed.in_streams && seen.packed.oddly;
    if seen.page && seen.catalog && !is_hidden { Ok(()) } else { Err(Flaw::Unreadable) }
}

impl Seen {
    /// Walks through the names of `bytes`; true when one says that an object stream begins here.
    fn walk(&mut self, bytes: &[u8], is_structure: bool) -> Result<bool, Flaw> {
        let mut of_objects = false;
        let mut room = [0; LONGEST_WORD];
        for (name, after) in names(bytes) {
            let name = plain(name, &mut room);
            let is_short = is_structure && ACTIVE_AND_SHORT.contains(&name);
            if is_short || ACTIVE.contains(&name) {
                return Err(Flaw::Active);
            }
            match name {
                b"Encrypt" => return Err(Flaw::Encrypted),
                // A destination (a page to begin with) is written as an array, an action is not.
                b"OpenAction" if !begins_array(after) => return Err(Flaw::Active),
                b"Page" => self.page = true,
                b"Catalog" => self.catalog = true,
                b"ObjStm" => of_objects = true,
                other => self.packed.oddly |= ODD_FILTERS.contains(&other),
            }
        }
        self.packed.in_streams |= of_objects;
        Ok(of_objects)
    }
}

/// The names in `bytes` as they are written, each with what follows it.
fn names(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    bytes.split(|c| *c == b'/').skip(1).map(|piece| {
        let longest = piece.len().min(LONGEST_NAME);
        let end = piece.iter().take(longest).position(|c| !is_regular(*c)).unwrap_or(longest);
        piece.split_at(end)
    })
}

/// A name without its escapes (7.3.5: `#4a` is `J`), as far as there is room: no word that we look for
/// is longer. Nothing is allocated, since a file may hold millions.
fn plain<'a>(name: &'a [u8], room: &'a mut [u8; LONGEST_WORD]) -> &'a [u8] {
    if !name.contains(&b'#') {
        return name;
    }
    let (mut rest, mut length) = (name, 0);
    for place in room.iter_mut() {
        let Some((first, after)) = rest.split_first() else { break };
        let escaped = after.get(..2).filter(|_| *first == b'#');
        let escaped = escaped.and_then(|two| std::str::from_utf8(two).ok());
        let escaped = escaped.and_then(|two| u8::from_str_radix(two, 16).ok());
        (*place, rest) = match escaped {
            Some(byte) => (byte, after.get(2..).unwrap_or_default()),
            None => (*first, after),
        };
        length += 1;
    }
    if rest.is_empty() { room.get(..length).unwrap_or_default() } else { name }
}

/// What a stream holds begins after the end of the line (7.3.8.1).
fn content(after: &[u8]) -> &[u8] {
    let after = after.strip_prefix(b"\r").unwrap_or(after);
    after.strip_prefix(b"\n").unwrap_or(after)
}

/// What zlib data holds, as far as it can be read: viewers forgive a damaged end. Nothing where it is
/// not zlib data (RFC 1950, section 2.2).
fn unpack(body: &[u8], most: usize) -> Result<Vec<u8>, Flaw> {
    let is_zlib = body.first_chunk::<2>().is_some_and(|[method, flags]| {
        method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0
    });
    let mut found = Vec::new();
    if !is_zlib {
        return Ok(found);
    }
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    // What was read before an error stays.
    let _ = ZlibDecoder::new(body).take(limit).read_to_end(&mut found);
    if found.len() > most { Err(Flaw::TooLarge) } else { Ok(found) }
}

fn begins_array(after: &[u8]) -> bool {
    after.iter().find(|c| !is_blank(**c)) == Some(&b'[')
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|found| found == word)
}

/// White space (table 1).
const fn is_blank(c: u8) -> bool {
    matches!(c, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// Neither white space nor a delimiter (tables 1 and 2).
const fn is_regular(c: u8) -> bool {
    !is_blank(c)
        && !matches!(c, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    const SOUND: &[u8] = include_bytes!("../../../tests/pieces/piece.pdf");

    /// A sound file with something more in it.
    fn with(more: &[u8]) -> Vec<u8> {
        let at = SOUND.windows(5).position(|word| word == b"xref\n").unwrap();
        [&SOUND[..at], more, b"\n", &SOUND[at..]].concat()
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn stream(dictionary: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("9 0 obj<<{dictionary}>>stream\r\n");
        [head.as_bytes(), body, b"\nendstream endobj"].concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(), Flaw>) {
        assert_eq!(inspect(bytes), expected, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn a_file_is_whole_and_has_a_page() {
        check(SOUND, Ok(()));
        check(&with(b"%"), Ok(()));
        check(b"%PDF-1.4\n", Err(Flaw::Unreadable));
        check(&SOUND[..SOUND.len() - 40], Err(Flaw::Unreadable));
        let text = String::from_utf8(SOUND.to_vec()).unwrap();
        check(text.replace("/Type/Page/", "/Type/Font/").as_bytes(), Err(Flaw::Unreadable));
        check(text.replace("/Catalog", "/Katalog").as_bytes(), Err(Flaw::Unreadable));
    }

    #[test]
    fn nothing_in_it_acts_or_hides() {
        let active = Err(Flaw::Active);
        check(&with(b"9 0 obj<</S/JavaScript/JS(app.alert\\(1\\))>>endobj"), active);
        check(&with(b"9 0 obj<</S/J#61vaScript>>endobj"), active);
        check(&with(b"9 0 obj<</S/#4a#61#76#61#53#63#72#69#70#74 >>endobj"), active);
        check(&with(b"9 0 obj<</A#20name#that#2has#more/B#>>endobj"), Ok(()));
        check(&with(b"9 0 obj<</JS 8 0 R>>endobj"), active);
        check(&with(b"9 0 obj<</S/Launch/F(cmd.exe)>>endobj"), active);
        check(&with(b"9 0 obj<</Type/EmbeddedFile>>endobj"), active);
        check(&with(b"9 0 obj<</Names<</EmbeddedFiles 8 0 R>>>>endobj"), active);
        check(&with(b"9 0 obj<</AA<</O 8 0 R>>>>endobj"), active);
        check(&with(b"9 0 obj<</XFA 8 0 R>>endobj"), active);
        check(&with(b"9 0 obj<</OpenAction 8 0 R>>endobj"), active);
        check(&with(b"9 0 obj<</OpenAction<</S/GoTo>>>>endobj"), active);
        check(&with(b"9 0 obj<</OpenAction"), active);
        // A page to begin with is no action; what looks alike is something else.
        check(&with(b"9 0 obj<</OpenAction [3 0 R/Fit]/JSX 1/AAA 2/Launcher 3>>endobj"), Ok(()));
        check(&with(b"trailer<</Encrypt 8 0 R>>"), Err(Flaw::Encrypted));
        // What no table leads to, in a comment or in a body, another reader may find.
        check(&with(b"%/JavaScript"), active);
        check(&with(&stream("", b"9 0 obj<</S/JavaScript>>endobj")), active);
        check(&with(&stream("", b"\xff\xd8/JS /AA\x00")), Ok(()));
    }

    #[test]
    fn what_is_compressed_is_looked_at_as_well() {
        let active = Err(Flaw::Active);
        let objects = "/Type/ObjStm/N 1/First 4/Filter/FlateDecode";
        check(&with(&stream(objects, &packed(b"8 0 <</Title(Carte)>>"))), Ok(()));
        check(&with(&stream(objects, &packed(b"8 0 <</JS(x)>>"))), active);
        check(&with(&stream("/Filter/FlateDecode", &packed(b"8 0 <</S/Launch>>"))), active);
        // Behind a word that seems to begin another stream.
        let hidden = stream(objects, &packed(b"8 0 <</S/JavaScript>>"));
        check(&with(&[b"% stream\n".as_slice(), &hidden].concat()), active);
        let twice = packed(&packed(b"8 0 <</S/JavaScript>>"));
        check(&with(&stream(objects, &twice)), Err(Flaw::Unreadable));
        let lengths = "/Type/ObjStm/N 1/First 4/Filter/LZWDecode";
        check(&with(&stream(lengths, b"8 0 <<>>")), Err(Flaw::Unreadable));
        // The page and the catalog may stand in there.
        let bare = "%PDF-1.5\n";
        let inside = stream(objects, &packed(b"1 0 2 9 <</Type/Catalog>> <</Type/Page>>"));
        let file = [bare.as_bytes(), &inside, b"\nstartxref\n9\n%%EOF\n"].concat();
        check(&file, Ok(()));
    }

    #[test]
    fn a_small_file_that_grows_without_end_is_refused() {
        const SMALL: Room = Room { one: 1 << 10, all: 4 << 10 };
        #[track_caller]
        fn check(length: usize, times: usize, expected: Result<(), Flaw>) {
            let stream = stream("/Filter/FlateDecode", &packed(&vec![b' '; length]));
            assert_eq!(inspect_within(&SMALL, &with(&stream.repeat(times))), expected);
        }
        check(SMALL.one, 1, Ok(()));
        check(SMALL.one + 1, 1, Err(Flaw::TooLarge));
        check(SMALL.one, 4, Ok(()));
        check(SMALL.one, 5, Err(Flaw::TooLarge));
        let many = with(&b"stream\n".repeat(MOST_STREAMS + 1));
        assert_eq!(inspect(&many), Err(Flaw::TooLarge));
        // Nothing is built: depth costs nothing.
        let deep = [b"[".repeat(1 << 20), b"<<".repeat(1 << 20)].concat();
        assert_eq!(inspect(&with(&deep)), Ok(()));
    }
}
