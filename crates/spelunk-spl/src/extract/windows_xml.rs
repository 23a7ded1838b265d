//! Windows events as XML: fields of one `<Event>`.

use std::borrow::Cow;

use chrono_tz::Tz;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event as Xml};

use crate::extract::event::Event;
use crate::extract::windows::WindowsFields;
use crate::extract::xml_tag::{Pairs, Tag};
use crate::time::timestamp;

/// Children of `<Event>`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    System,
    EventData,
    UserData,
    RenderingInfo,
    Other,
}

/// Parses the event of one `<Event>...</Event>`. Its time is `TimeCreated`'s `SystemTime`.
///
/// # Errors
/// A sentence that says why the text is not a Windows event.
pub fn event<'a>(xml: &'a str) -> Result<Event<'a>, String> {
    if let Some(event) = plain_event(xml) {
        return Ok(event);
    }
    let mut parser = Parser::new();
    parser.read(xml)?;
    if parser.depth > 0 {
        return Err(CUT_OFF.to_owned());
    }
    if !parser.fields.has_event_id() {
        return Err("an XML element without `EventID` is not a Windows event".to_owned());
    }
    Ok(parser.fields.into_event(parser.time, Cow::Borrowed(xml)))
}

/// Like [`event`], but also accepts a damaged event: returns the fields before the damage, and a sentence
/// about it. Splunk also keeps events with a damaged end.
///
/// # Errors
/// A sentence that says why the text is not a Windows event, or that not even its number is left.
pub fn damaged_event<'a>(xml: &'a str) -> Result<(Event<'a>, Option<String>), String> {
    if let Some(event) = plain_event(xml) {
        return Ok((event, None));
    }
    let mut parser = Parser::new();
    let damage = match parser.read(xml) {
        Ok(()) if parser.depth > 0 => Some(CUT_OFF.to_owned()),
        Ok(()) => None,
        Err(why) => Some(why),
    };
    match damage {
        None if !parser.fields.has_event_id() => {
            Err("an XML element without `EventID` is not a Windows event".to_owned())
        }
        Some(why) if !parser.fields.has_event_id() => Err(why),
        damage => {
            // The value that was cut off.
            parser.close();
            let event = parser.fields.into_event(parser.time, Cow::Borrowed(xml));
            Ok((event, damage))
        }
    }
}

/// Fast path for valid text of only elements, attributes and text, as Windows writes it: parses without
/// copying every name. The library parses anything else.
fn plain_event<'a>(xml: &'a str) -> Option<Event<'a>> {
    let mut parser = Parser::new();
    let mut rest = xml;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        if at > 0 {
            parser.text(unescaped(Cow::Borrowed(&rest[..at])).ok()?);
        }
        rest = &rest[at + 1..];
        if let Some(inner) = rest.strip_prefix('/') {
            let end = memchr::memchr(b'>', inner.as_bytes())?;
            if parser.depth == 0 {
                return None;
            }
            parser.close();
            rest = &inner[end + 1..];
            continue;
        }
        let tag = Tag::of(rest)?;
        rest = &rest[tag.length..];
        let local = tag
            .name
            .split_once(':')
            .map_or(tag.name, |(_, local)| local);
        parser
            .open(Cow::Borrowed(local), Pairs(tag.attributes))
            .ok()?;
        if tag.is_empty {
            parser.close();
        }
    }
    // Text outside all elements, or an event that is cut off.
    if parser.depth > 0 || !rest.is_empty() || !parser.fields.has_event_id() {
        return None;
    }
    Some(parser.fields.into_event(parser.time, Cow::Borrowed(xml)))
}

/// Resolves the entities of a text.
fn unescaped(text: Cow<'_, str>) -> Result<Cow<'_, str>, String> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Ok(text);
    }
    let plain = unescape(&text).map_err(|e| e.to_string())?;
    Ok(Cow::Owned(plain.into_owned()))
}

/// Why an event without its end is not a Windows event.
const CUT_OFF: &str = "the XML event is cut off";

struct Parser<'a> {
    fields: WindowsFields<'a>,
    time: Option<i64>,
    section: Section,
    depth: usize,
    /// The name of the field that the open element sets, as long as it has no child.
    leaf: Option<Cow<'a, str>>,
    text: Option<Cow<'a, str>>,
}

impl<'a> Parser<'a> {
    fn new() -> Parser<'a> {
        Parser {
            fields: WindowsFields::new(),
            time: None,
            section: Section::Other,
            depth: 0,
            leaf: None,
            text: None,
        }
    }

    fn read(&mut self, xml: &'a str) -> Result<(), String> {
        let mut reader = Reader::from_str(xml);
        // An end tag closes the open element, whatever its name: Splunk extracts fields, not documents.
        reader.config_mut().check_end_names = false;
        loop {
            // All syntax errors are unclosed constructs.
            let event = reader.read_event().map_err(|error| match error {
                quick_xml::Error::Syntax(_) => CUT_OFF.to_owned(),
                other => other.to_string(),
            })?;
            match event {
                Xml::Start(tag) => self.open_tag(&tag)?,
                Xml::Empty(tag) => {
                    self.open_tag(&tag)?;
                    self.close();
                }
                Xml::End(_) => self.close(),
                Xml::Text(text) => self.text(text.into_inner()),
                Xml::CData(text) => self.text(text.into_inner()),
                Xml::GeneralRef(entity) => {
                    let character = entity.resolve_char_ref().map_err(|e| e.to_string())?;
                    match (character, entity.as_ref()) {
                        (Some(c), _) => self.text(Cow::Owned(c.to_string())),
                        (None, "lt") => self.text(Cow::Borrowed("<")),
                        (None, "gt") => self.text(Cow::Borrowed(">")),
                        (None, "amp") => self.text(Cow::Borrowed("&")),
                        (None, "quot") => self.text(Cow::Borrowed("\"")),
                        (None, "apos") => self.text(Cow::Borrowed("'")),
                        (None, name) => return Err(format!("unknown entity `{name}`")),
                    }
                }
                Xml::Comment(_) | Xml::Decl(_) | Xml::PI(_) | Xml::DocType(_) => {}
                Xml::Eof => return Ok(()),
            }
        }
    }

    fn open_tag(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let mut attributes = tag.attributes();
        let attributes = attributes.with_checks(false).map(|attribute| {
            let attribute = attribute.map_err(|e| e.to_string())?;
            let key: &str = attribute.key.as_ref();
            let value = attribute.value.into_owned();
            Ok((Cow::Owned(key.to_owned()), Cow::Owned(value)))
        });
        let local = tag.local_name();
        let name: &str = local.as_ref();
        self.open(Cow::Owned(name.to_owned()), attributes)
    }

    /// Opens an element; its attributes are read only if they contain data.
    fn open(
        &mut self,
        name: Cow<'a, str>,
        mut attributes: impl Iterator<Item = Result<(Cow<'a, str>, Cow<'a, str>), String>>,
    ) -> Result<(), String> {
        self.depth += 1;
        self.text = None;
        self.leaf = None;
        match self.depth {
            1 => return Ok(()),
            2 => {
                self.section = match name.as_ref() {
                    "System" => Section::System,
                    "EventData" => Section::EventData,
                    "UserData" => Section::UserData,
                    "RenderingInfo" => Section::RenderingInfo,
                    _ => Section::Other,
                };
                return Ok(());
            }
            _ => {}
        }
        match self.section {
            Section::System => {
                let is_time = name == "TimeCreated";
                self.leaf = Some(name);
                for attribute in attributes {
                    let (name, value) = attribute?;
                    if name.starts_with("xmlns") {
                        continue;
                    }
                    let value = unescaped(value)?;
                    if is_time && name == "SystemTime" {
                        self.time = timestamp::parse(&value, Tz::UTC);
                    }
                    self.fields.add(name, value);
                }
            }
            Section::EventData => {
                let named = attributes.find(|a| a.as_ref().map_or(true, |(key, _)| key == "Name"));
                self.leaf = Some(match named.transpose()? {
                    Some((_, value)) => unescaped(value)?,
                    None => name,
                });
            }
            Section::UserData => self.leaf = Some(name),
            // The rest of it repeats `System`'s numbers in words of some language.
            Section::RenderingInfo if name == "Message" => self.leaf = Some("Message".into()),
            Section::RenderingInfo | Section::Other => {}
        }
        Ok(())
    }

    fn text(&mut self, piece: Cow<'a, str>) {
        if self.leaf.is_none() {
            return;
        }
        match &mut self.text {
            None => self.text = Some(piece),
            Some(text) => text.to_mut().push_str(&piece),
        }
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if let (Some(name), Some(text)) = (self.leaf.take(), self.text.take()) {
            self.fields.add(name, text);
        }
        if self.depth <= 1 {
            self.section = Section::Other;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Parser, damaged_event, event, plain_event};

    const SYSMON: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
        <Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'/>\
        <EventID Qualifiers=''>1</EventID><Version>5</Version><Level>4</Level><Keywords>0x8000000000000000</Keywords>\
        <TimeCreated SystemTime='2021-01-14T23:41:40.145335200Z'/><EventRecordID>7</EventRecordID><Correlation/>\
        <Execution ProcessID='2468' ThreadID='3128'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel>\
        <Computer>dc.example</Computer><Security UserID='S-1-5-18'/></System><EventData>\
        <Data Name='RuleName'></Data><Data Name='ProcessId'>6952</Data>\
        <Data Name='CommandLine'>cmd /c &quot;a &amp; b&quot; &lt;x&#x41;</Data><Data>p</Data><Data>q</Data></EventData></Event>";

    #[test]
    fn fields_are_those_of_splunks_xml_input() {
        let event = event(SYSMON).expect("a Windows event");
        assert_eq!(event.time, Some(1_610_667_700_145_335));
        assert_eq!(event.host.as_deref(), Some("dc.example"));
        assert_eq!(
            event.source.as_deref(),
            Some("XmlWinEventLog:Microsoft-Windows-Sysmon/Operational")
        );
        for (name, value) in [
            ("EventCode", "1"),
            ("EventID", "1"),
            ("Name", "Microsoft-Windows-Sysmon"),
            ("Guid", "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"),
            ("ProcessID", "2468"),
            ("ThreadID", "3128"),
            ("ProcessId", "6952"),
            ("UserID", "S-1-5-18"),
            ("CommandLine", "cmd /c \"a & b\" <xA"),
            ("Data", "p"),
        ] {
            assert_eq!(event.get(name), Some(value), "{name}");
        }
        assert_eq!(event.get("RuleName"), None);
        assert_eq!(event.fields.iter().filter(|f| f.name == "Data").count(), 2);
    }

    #[test]
    fn user_data_gives_its_leaves_and_indentation_nothing() {
        let event = event(
            "<Event>\n <System>\n  <EventID>1102</EventID>\n  <Channel>Security</Channel>\n </System>\n \
             <UserData>\n  <LogFileCleared xmlns=\"x\">\n   <SubjectUserName>bob</SubjectUserName>\n  </LogFileCleared>\n \
             </UserData>\n</Event>",
        )
        .expect("a Windows event");
        let names: Vec<&str> = event.fields.iter().map(|f| f.name.as_ref()).collect();
        assert_eq!(
            names,
            ["EventCode", "EventID", "Channel", "SubjectUserName"]
        );
    }

    #[test]
    fn what_is_cut_off_or_no_event_is_refused() {
        assert!(event(&SYSMON[..SYSMON.len() - 20]).is_err());
        assert!(event("<Event><a/></Event>").is_err());
    }

    #[test]
    fn what_stands_before_the_damage_is_left_of_an_event() {
        let cut = SYSMON.find("c &quot;a").expect("in the command line");
        let (event, why) = damaged_event(&SYSMON[..cut]).expect("an event");
        assert_eq!(event.get("ProcessId"), Some("6952"));
        assert_eq!(event.get("CommandLine"), Some("cmd /"));
        assert!(why.expect("it is damaged").contains("cut off"));
        let renamed = SYSMON.replace("<Level>", "<Le>");
        let (event, why) = damaged_event(&renamed).expect("an event");
        assert_eq!(event.get("ProcessId"), Some("6952"));
        assert_eq!((event.get("Le"), why), (Some("4"), None));
        assert!(damaged_event(&SYSMON[..150]).is_err());
        assert!(damaged_event("<Event><a/></Event>").is_err());
    }

    #[test]
    fn plain_events_are_read_as_the_library_reads_them() {
        let slow = |xml: &str| {
            let mut parser = Parser::new();
            parser.read(xml).expect("XML");
            let event = parser.fields.into_event(parser.time, xml.into());
            event.into_owned()
        };
        let variants = [
            SYSMON.to_owned(),
            SYSMON.replace("<Data ", "\n  <Data\n"),
            SYSMON.replace("<Level>4</Level>", "<e:Level x='>'>4 &#65;&gt;</e:Level >"),
            SYSMON.replace(
                "<Data>p</Data>",
                "<Data a=\"1\" Name=\"p &amp; '\">p<b/>q</Data>",
            ),
            SYSMON.replace("EventData>", "UserData>"),
        ];
        for xml in &variants {
            let plain = plain_event(xml).expect("it is plain");
            assert_eq!(plain.into_owned(), slow(xml), "{xml}");
        }
        for odd in [
            "<!-- -->",
            "<![CDATA[a]]>",
            "&unknown;",
            "<a b=c/>",
            "</a></a>",
            "<a b='",
        ] {
            let xml = SYSMON.replace("<Level>", &format!("{odd}<Level>"));
            assert_eq!(plain_event(&xml), None, "{xml}");
        }
    }
}
