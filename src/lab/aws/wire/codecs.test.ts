import assert from "node:assert/strict";
import { test } from "node:test";
import { echoService } from "../testing/echo-service.ts";

const ASK = "Action=Echo&Version=2026-01-01";
/** What an answer says beside its request id. */
const said = (text: string): string => text.replace(/<ResponseMetadata>.*<\/ResponseMetadata>|<requestId>.*?<\/requestId>/, "");

test("the Query protocol reads lists, maps and structures by the numbers in their names", async (t) => {
  const echo = await echoService(t, "query");
  const { input } = await echo.send(
    [
      ASK,
      "Strings.member.2=b&Strings.member.1=a&Strings.member.10=c",
      "NamedStrings.Item.1=x",
      "FlatStrings.1=f&FlatStrings.2=g",
      "Structures.member.1.Name=one&Structures.member.1.Strings.member.1=deep&Structures.member.2.Name=two",
      "Map.entry.1.key=k&Map.entry.1.value=v&Map.entry.2.key=l&Map.entry.2.value=",
      "NamedMap.entry.1.Attribute=n&NamedMap.entry.1.Setting.Name=of+n",
      "renamed=r&NotOfThisAction=1",
    ].join("&"),
  );
  assert.deepEqual(input, {
    Renamed: "r",
    Strings: ["a", "b", "c"],
    NamedStrings: ["x"],
    FlatStrings: ["f", "g"],
    Structures: [{ Name: "one", Strings: ["deep"] }, { Name: "two" }],
    Map: { k: "v", l: "" },
    NamedMap: { n: { Name: "of n" } },
  });
});

test("the Query protocol tells an empty list from none", async (t) => {
  const echo = await echoService(t, "query");
  const empty = await echo.send(`${ASK}&Strings=`);
  assert.deepEqual(empty.input, { Strings: [] });
  assert.match(empty.text, /<EchoResult><Strings><\/Strings><\/EchoResult>/);
  const none = await echo.send(ASK);
  assert.deepEqual(none.input, {});
  assert.match(none.text, /<EchoResult><\/EchoResult>/);
});

test("the Query protocol writes lists, maps, times and bytes, and wraps them in the result", async (t) => {
  const echo = await echoService(t, "query");
  const { text } = await echo.send(
    `${ASK}&Strings.member.1=a&NamedStrings.Item.1=b&FlatStrings.1=f&FlatStrings.2=g&Map.entry.1.key=k&Map.entry.1.value=v&NamedMap.entry.1.Attribute=n&NamedMap.entry.1.Setting.Name=s&Timestamp=2026-01-02T03:04:05Z&Blob=aGVsbG8=&Double=0.5&Boolean=true`,
  );
  assert.equal(
    said(text),
    '<EchoResponse xmlns="https://echo/"><EchoResult><Double>0.5</Double><Boolean>true</Boolean><Timestamp>2026-01-02T03:04:05.000Z</Timestamp><Blob>aGVsbG8=</Blob>' +
      "<Strings><member>a</member></Strings><NamedStrings><Item>b</Item></NamedStrings><FlatStrings>f</FlatStrings><FlatStrings>g</FlatStrings>" +
      "<Map><entry><key>k</key><value>v</value></entry></Map>" +
      "<NamedMap><entry><Attribute>n</Attribute><Setting><Name>s</Name></Setting></entry></NamedMap></EchoResult></EchoResponse>",
  );
  assert.match(text, /<ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata>/);
});

test("markup, quotes and letters of all scripts come back as they were sent", async (t) => {
  const given = `<a href="x">&amp; 'é' 漢字 \u{1F600}</a>`;
  for (const protocol of ["query", "ec2"] as const) {
    const echo = await echoService(t, protocol);
    const { input, text } = await echo.send(`${ASK}&Text=${encodeURIComponent(given)}`);
    assert.deepEqual(input, { Text: given });
    assert.ok(text.includes("&lt;a href=&quot;x&quot;&gt;&amp;amp; 'é' 漢字 \u{1F600}&lt;/a&gt;"), text);
  }
  const json = await echoService(t, "json");
  assert.deepEqual(JSON.parse((await json.send(JSON.stringify({ Text: given }))).text), { Text: given });
});

test("control characters, which XML cannot hold, are escaped", async (t) => {
  const echo = await echoService(t, "query");
  const { text } = await echo.send(`${ASK}&Text=${encodeURIComponent("a\rb\u0001c")}`);
  assert.ok(text.includes("<Text>a&#xD;b&#x1;c</Text>"), text);
});

test("the protocol of EC2 has flat lists, names that begin with a capital, and names of its own for requests", async (t) => {
  const echo = await echoService(t, "ec2");
  const { input, text } = await echo.send(
    `${ASK}&Strings.1=a&Strings.2=b&Structures.1.Name=n&Structures.1.Strings.1=s&Renamed=r&AskedAs=q&Item.1=no`,
  );
  assert.deepEqual(input, { Renamed: "r", Queried: "q", Strings: ["a", "b"], Structures: [{ Name: "n", Strings: ["s"] }] });
  assert.equal(
    said(text),
    '<EchoResponse xmlns="https://echo/"><renamed>r</renamed><queried>q</queried><Strings><member>a</member><member>b</member></Strings><Structures><member><Name>n</Name><Strings><member>s</member></Strings></member></Structures></EchoResponse>',
  );
});

test("JSON has times in seconds and bytes in base64, and passes over what is null or unknown", async (t) => {
  const echo = await echoService(t, "json");
  const body = {
    Timestamp: 1_767_323_045.5,
    Blob: "aGVsbG8=",
    renamed: "r",
    Strings: [],
    Map: { k: "v" },
    Inner: { Name: "n" },
    Text: null,
    Other: 1,
  };
  const { input, text } = await echo.send(JSON.stringify(body));
  assert.deepEqual(input, {
    Renamed: "r",
    Timestamp: new Date(1_767_323_045_500),
    Blob: Buffer.from("hello"),
    Strings: [],
    Map: { k: "v" },
    Inner: { Name: "n" },
  });
  assert.deepEqual(JSON.parse(text), {
    renamed: "r",
    Timestamp: 1_767_323_045.5,
    Blob: "aGVsbG8=",
    Strings: [],
    Map: { k: "v" },
    Inner: { Name: "n" },
  });
});

test("names that mean something to JavaScript are names as all others", async (t) => {
  const json = await echoService(t, "json");
  assert.equal((await json.send('{"Map":{"__proto__":"a","constructor":"b"}}')).text, '{"Map":{"__proto__":"a","constructor":"b"}}');
  const query = await echoService(t, "query");
  const { text } = await query.send(`${ASK}&__proto__.x=1&constructor=2&Map.entry.1.key=__proto__&Map.entry.1.value=a`);
  assert.match(text, /<key>__proto__<\/key><value>a<\/value>/);
});

test("what is of another kind than the model says is refused and nothing is done", async (t) => {
  const query = await echoService(t, "query");
  for (const [given, said] of [
    ["Integer=x", "MalformedInput"],
    ["Double=", "MalformedInput"],
    ["Boolean=yes", "MalformedInput"],
    ["Timestamp=soon", "MalformedInput"],
    ["Text.below=1", "MalformedQueryString"],
    [`Strings.member.1${".x".repeat(40)}=1`, "MalformedQueryString"],
  ] as const) {
    const { status, text, input } = await query.send(`${ASK}&${given}`);
    assert.equal(status, 400, given);
    assert.ok(text.includes(`<Code>${said}</Code>`), text);
    assert.equal(input, undefined);
  }
  const json = await echoService(t, "json");
  for (const given of [
    '{"Text":1}',
    '{"Integer":"1"}',
    '{"Integer":1.5}',
    '{"Strings":{}}',
    '{"Inner":[]}',
    '{"Boolean":"true"}',
    "[]",
    "{",
    '"x"',
  ]) {
    const { status, text } = await json.send(given);
    assert.equal(status, 400, given);
    assert.match(text, /"__type":"SerializationException"/);
  }
});

test("what the model forbids is told all at once, in AWS's words", async (t) => {
  const query = await echoService(t, "query");
  const { status, text } = await query.send(`${ASK}&Short=long&Word=three&Pattern=A&Integer=10&Inner.Strings.member.1=x`);
  assert.equal(status, 400);
  assert.match(text, /<Code>ValidationError<\/Code>/);
  for (const wanted of [
    "5 validation errors detected: ",
    "Value null at &apos;inner.name&apos; failed to satisfy constraint: Member must not be null",
    "at &apos;short&apos; failed to satisfy constraint: Member must have length less than or equal to 3",
    "Member must satisfy enum value set: [one, two]",
    "Member must satisfy regular expression pattern: [a-z]+",
    "Member must have value less than or equal to 9",
  ])
    assert.ok(text.replaceAll("'", "&apos;").includes(wanted), `${wanted} in ${text}`);
  assert.match((await (await echoService(t, "json")).send('{"Short":"long"}')).text, /"__type":"ValidationException"/);
  assert.match((await (await echoService(t, "ec2")).send(`${ASK}&Inner.Strings.1=x`)).text, /<Code>MissingParameter<\/Code>/);
});
