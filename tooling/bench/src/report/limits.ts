/** What keeps rows from going lower, by profiles and trials; by hand, to be looked at again when a row changes. */
export const LIMITS = `## What limits what is left

Profiles were taken with \`--profile\`; designs were tried in turns with the one before, on the same data, and judged by the
fastest tenth of short rounds, since other programs were at work.

**Memory: save and load.** The limit keeps a string and parses it. To keep bytes, prove them with a SHA-256 on the way in and
on the way out, hand out bytes that nobody else has, and refuse what JSON would change takes 1.7 times as long when it is
written out by hand in five lines around a \`Map\`: the bytes and their copy 0.15, two hashes 0.3, the walk for exactness 0.2.
A target of 1.5 cannot be had with these promises, and none is given up for it: a store that trusts its own memory would not
notice what a faulty module or a bad bar of memory has done to it, and would be no reference for the others. What Holdfast adds
to that are headers with versions, the entry in the feed, fresh objects for each caller and two promises; a third of the time
is the garbage collector's, mostly for bodies, each of which has memory of its own outside of the heap.

| design | against the one before |
| --- | --- |
| no promise inside of core where the adapter answers at once | kept: 0.88 of the time |
| keys in order only when a listing asks | kept: 0.9 |
| one look for ordinary keys, fewer look-ups for a write | kept: 0.97 |
| bodies handed out from shared blocks of 64 KiB | 0.93; left out: whoever transfers one buffer would take others' bodies away |
| \`Buffer\` and latin1 to decode, hashing the string instead of its bytes | no gain with Node 24 |

**SQLite: load.** Both sides step the same two tables, hash and parse. Holdfast reads thirteen more columns (0.06 of the limit's
time), parses tags and metadata (0.07), and answers with a promise and checks what it was asked for (0.1).

| design | against the one before |
| --- | --- |
| no promise inside of core where the adapter answers at once | kept: 0.96 of the time |
| headers straight from the row, without copying the row first | kept: 0.96 |
| rows as arrays instead of objects; the columns as one JSON text | no gain |
| without the condition on the expiration in SQL | no gain |

**SQLite: durable save.** Three quarters of the processor's time are spent inside of SQLite, on both sides. The rest is what
the hand-written side is given for nothing: search terms, the checksum, copies of tags and metadata, the turn of the event
loop after which a group is written, and the look whether the file is still there. The designs were tried on a disk in memory, where the
processor's time is all that counts; the hand-written side keeps its indexes up with each save, as one does by hand.

| design | against the one before |
| --- | --- |
| indexes of tags and words that take in new items by the hundred; searches look at the rest | kept: 0.67 of the time one by one, 0.75 with 64 at once |
| the same, by 512 | 1.0 one by one, 1.1 and more with 64 at once: the long steps show |
| the same, by 32 | 1.08 one by one, 1.0 to 1.07 with 64 at once |
| a checkpoint every 16,000 pages instead of 4,000 | 1.08 one by one, 1.0 with 64 at once |
| pages of 8 KiB | no gain |

**Files: durable save.** What is acknowledged is a commit of the item table: the work of a save in SQLite, with search index,
tags, feed and history, and the mark for the mirror. A peer writes one file and keeps none of that. One by one, both sides mostly wait for
one fsync. 64 at once, the peer's fsyncs run in four threads and its work for a file is small, while ours is the processor's time inside
of SQLite and of core, as in the row of SQLite: no way of mirroring can make that less. With the fsync of a slow disk it is the same: 64
saves share one, which is 31 µs for each of them, and the rest is work.

| design | against the one before |
| --- | --- |
| indexes that lag, as above | kept: 0.7 of the time one by one, in turns on a busy disk (fastest tenth; 0.67 on a disk in memory); 0.8 with 64 at once |
| bigger groups, a longer log, larger pages | no gain, as above |
| no mark for the mirror, which would have to find its work in the feed | 0.85 to 0.95 one by one, 0.8 to 0.9 with 64 at once, at best; left out: what is to be done is read from the row, never from a log |

**Files: until every file is in its place.** For each document ours brings two files and two states of a directory to the disk,
in three steps that wait for each other, besides the commits before and after: the companion has to be there before the data file is,
and the directory before the row says so. The peer brings one file there, and no directory. Documents that follow one
another lie in different directories here, so that hardly any fsync of a directory is shared. A third of the thread's time goes into making
files: the system does that in one go with its journal, and waits while the journal is being written.

| design | against the one before |
| --- | --- |
| one by one: the mirror gives way to saves, also in the middle of a group | kept: 0.45 of the time, with the next two; one run on a busy machine |
| all directories of a step fsynced at once instead of one after the other | kept: 0.15 of the time of those fsyncs, tried alone |
| temps fsynced while the next ones are being written | kept: with the one before, 0.5 of the time until files are in their place; one run on a busy machine |
| temps side by side in one directory instead of each beside its place, and directories opened from the ones above instead of from the root | kept: 0.83 of the time, 0.88 of the processor's time; in turns, on a busy disk. Making and fsyncing 640 files alone: 0.4 of the time in one directory instead of 320 |
| temps made, written, fsynced and closed by libuv's threads instead of made on this one | 0.84 of the time of that step on a busy disk, 1.1 at its fastest; left out: all temps in one directory gain more |
| one look of the watcher for the two files of a pair; no look for copies of versions that have none | kept: fewer calls, too small to be told apart here |
| the companion's directory not fsynced where no data file stands | left out without a trial: after a loss of power a data file could be there that no companion tells of |

**Files: load.** What is left beside SQLite's load is the row of the file and its stat. Most files are mirrored within 2 s of their
change, so that their time alone does not tell of an edit right after, and each was hashed at its first load.

| design | against the one before |
| --- | --- |
| the scan of \`open\`, which hashes young files anyway, records that they have grown old | kept: 0.3 of the time, between two runs on a busy machine |

**Files: list.** It is the listing of SQLite; the files are not asked. A project that was never listed takes twice as long as one that
was (364 µs and 189 µs in a run of its own, on a quiet machine). A hundred rows lie on about eight pages, so that reading them is the smaller part of that:
SQLite's rows alone took 103 µs the first time and 68 µs the second. The rest is making items out of rows, and two lists after
half a second of the peer's work find the processor's caches cold.

| design | against the one before |
| --- | --- |
| pages of 8 KiB | 0.87 of the time of the rows that were never read, 0.97 of the others: 13 µs of a list; left out, since it would need a file of its own |
| rows as arrays instead of objects | no gain, tried with SQLite's load |
| the columns of a row as one JSON text | no gain, tried with SQLite's load |
| memory-mapped reading | left out without a trial: a file that another program cuts short would end the process |

**IndexedDB: save, one by one.** The page's own code takes a tenth of the time; the rest are the browser's processes. What a save
promises beyond one put was added to it by hand, one thing after the other, in turns on a busy machine (fastest tenth; a put of header
and body is 1): the entry of the feed in a store of its own 1.2, the index of the newest and that of the words no more than can be told apart
while there are three words, all of it together 1.3 to 1.45. To read what stands before it is written makes 1.8 to 1.9 of that: a second way to
the browser's process and back. A target of 1.1 leaves no room for a feed, and 1.4 with terms is less than by hand. What Holdfast takes beyond its
writing by hand, about a quarter, is mostly the hash, which another thread computes, and waiting for turns on busy cores.

| design | against the one before |
| --- | --- |
| write without reading first; the browser refuses what was assumed wrongly | kept: 0.86 of the time, with terms and 64 at once too |
| no message to other tabs while none of them watches | no gain; left out |
| SHA-256 on the page's own thread up to 4 KiB, where 1 KB takes it 12 µs | no gain; left out |
| two stores in the transaction instead of four | no gain by hand; left out |
| entries of the feed among the records | no gain by hand beside the indexes; left out |
| the entry of the feed inside the record, found by an index that allows each number once | 0.8 of the time by hand; left out: it has to move when its record is overwritten, and then nothing refuses its number to a tab that knows less |

**IndexedDB: save, 64 at once.** 64 puts of header and body in one transaction take 98 µs each by hand, with the entries of two tags and about
14 words in the index 266 µs, with half of these 184 µs, with the words in the record and no index of them 136 µs (fastest tenth). Holdfast was at
270 µs in another run: most of that is the index of words, which the peers do not have. Words that are indexed later, as SQLite's
are, would take it out of what is measured; this was not tried.

| design | against the one before |
| --- | --- |
| write without reading first | kept: 0.85 of the time |
| bodies as text instead of bytes | no gain by hand; left out |
| words of all saves of a transaction as one record, read through by each search | left out without a trial: 100,000 saves one by one leave 100,000 of these, until they are merged |

**IndexedDB: list.** Bodies of up to 4 KiB lie in the records and are read along, also by hand. Of what Holdfast takes beyond that, most is
making items out of headers.

| design | against the one before |
| --- | --- |
| a promise for each request of a listing, not for each item | kept: 0.92 of the time |
| the items of a tag by one request, as by hand, instead of their keys first | kept: 0.62 of the time of the row of tags |

**Migration: copy.** What a copy does beside writing, and the designs that were tried, stand on [its page](./migration.md#how-fast-it-is).

**Encryption: 1 MiB.** The format encrypts pieces of 64 KiB, each with a cipher of its own, and an adapter takes a body in one piece, while
node:crypto writes into no memory but its own: 16 ciphers are set up, and each piece is copied once. The figures are of the cipher alone on a
busy machine, the fastest of 50 rounds, against one call over the same bytes (184 µs), which keeps nothing of what it makes.

| design | share of the rate of one call |
| --- | --- |
| keys as bytes: node:crypto makes a key object of them for each cipher | 33 %, before |
| one key object for all pieces of a value | kept: 55 %; a value of 1 KB takes 4 µs in the place of 24 |
| pieces joined at the end instead of copied one by one | 54 % |
| pieces in steps of 16 KiB, whose copies stay in the nearest cache | 45 %; in steps of 4 KiB 26 % |
| no copy at all: a body in parts | 68 %; left out: every adapter would have to take one |
| the caller's bytes encrypted without a copy of them first, where no promise comes between | kept: a save in plain copies them (76 µs of this row's difference) |
| the memory of each piece given back at once instead of by the garbage collector | kept: 65 % (52 % in the same run without), and less for the collector to do |
| a body whose memory is not filled with zeros first | no gain |
| the pieces by Web Crypto, all at once in its threads | 24 % on a busy machine: what each call takes on this thread is more than a piece is |

With the memory given back, the whole row is at 47 % where it was at 42 % (fastest tenth of single saves, in turns, on a busy machine), and at 38 % where it was
at 28 % in the middle of them. The target of 60 % is not reached. One step after the other in one process, fastest tenth, the one call being 244 µs: the
pieces 328 µs, keys derived and wrapped 106 µs, the checksum 10 µs more than that of the plain value, less the copy that a save in plain makes,
79 µs; the rest is the MAC and the garbage collector's. After a mebibyte has been hashed, the code that makes
keys is not in the processor's caches any more: since they are made for sixteen values in one go, the row is at 54 %. So 60 % takes a body in parts, or larger
pieces, which would be another format.

**Encryption: durable save of 1 KB.** Two derivations, two ciphers and a MAC for a fresh key. What encryption adds to a save in memory, as the
middle of 3,000, right after another save and after a pass over 3 MiB, which leaves little in the processor's caches, as a commit does:

| design | after a save | after the pass |
| --- | --- | --- |
| the keys of each value by themselves, in profiles a third of it | 78 µs | 80 µs |
| the keys of sixteen values in one go | kept: 31 µs | 38 µs |
| besides, base64 by a table in the place of \`btoa\`, the header's canonical JSON as one text, random bytes drawn at once, labels encoded once | kept: 24 µs | 28 µs |

What is left in a durable save beside that is the row, which is some 450 bytes longer.
`.trimEnd();
