// The tables of a store, format 2 (audit-log.md section 8 and README.md here).
//
// A change of anything below is a new format: raise kFormat and write the migration beside it. Format 1
// had `personal` in clear and was never run by anybody: it has no migration, and is refused.
#pragma once

#include <cstdint>

namespace forbear::sqlite {

inline constexpr char kDatabaseFile[] = "forbear.db";
inline constexpr int64_t kApplicationId = 0x46424231;  // "FBB1", PRAGMA application_id
inline constexpr int64_t kFormat = 2;                  // PRAGMA user_version

// Ids are 16-byte blobs, instants whole seconds since 1970, `body` and its like the records of
// adapters/rows. Large rows live in rowid tables with a narrow unique index: borrower ids are
// random, and a random place in a narrow index costs far less than in a table of whole rows.
inline constexpr char kSchema[] = R"sql(
CREATE TABLE log_head(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, peaks BLOB NOT NULL,
  last_time INTEGER NOT NULL, counts BLOB NOT NULL) STRICT;

CREATE TABLE log_entry(
  seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
  tenant TEXT, tseq INTEGER, borrower BLOB, kind TEXT NOT NULL,
  leaf_hash BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX log_entry_tenant ON log_entry(tenant) WHERE tenant IS NOT NULL;
CREATE INDEX log_entry_borrower ON log_entry(borrower) WHERE borrower IS NOT NULL;

CREATE TABLE log_tile(
  level INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL CHECK (length(bytes) = 8192),
  PRIMARY KEY (level, n)) STRICT;
CREATE TABLE log_checkpoint(
  size INTEGER PRIMARY KEY, root BLOB NOT NULL, note BLOB NOT NULL) STRICT;

CREATE TRIGGER log_entry_kept BEFORE UPDATE ON log_entry
  BEGIN SELECT RAISE(ABORT, 'log_entry is never changed'); END;
CREATE TRIGGER log_entry_stays BEFORE DELETE ON log_entry
  BEGIN SELECT RAISE(ABORT, 'log_entry is never deleted'); END;
CREATE TRIGGER log_tile_kept BEFORE UPDATE ON log_tile
  BEGIN SELECT RAISE(ABORT, 'log_tile is never changed'); END;
CREATE TRIGGER log_tile_stays BEFORE DELETE ON log_tile
  BEGIN SELECT RAISE(ABORT, 'log_tile is never deleted'); END;
CREATE TRIGGER log_checkpoint_kept BEFORE UPDATE ON log_checkpoint
  BEGIN SELECT RAISE(ABORT, 'log_checkpoint is never changed'); END;
CREATE TRIGGER log_checkpoint_stays BEFORE DELETE ON log_checkpoint
  BEGIN SELECT RAISE(ABORT, 'log_checkpoint is never deleted'); END;
CREATE TRIGGER log_checkpoint_grows BEFORE INSERT ON log_checkpoint
  WHEN NEW.size <= (SELECT max(size) FROM log_checkpoint)
  BEGIN SELECT RAISE(ABORT, 'log_checkpoint only grows'); END;

-- Counters, and the attempts whose end is not known yet (16 bytes each): one row written once a
-- batch, where an index over attempt states would be written at every contact.
CREATE TABLE tally(
  one INTEGER PRIMARY KEY CHECK (one = 1),
  borrowers INTEGER NOT NULL, accounts INTEGER NOT NULL, open_attempts BLOB NOT NULL) STRICT;

-- `personal` holds everything that identifies the person, sealed under their data key.
CREATE TABLE borrower(
  id BLOB NOT NULL UNIQUE, tenant TEXT NOT NULL, external_id TEXT NOT NULL,
  body BLOB NOT NULL, personal BLOB NOT NULL, UNIQUE (tenant, external_id)) STRICT;

CREATE TABLE account(
  id BLOB PRIMARY KEY, tenant TEXT NOT NULL, external_id TEXT NOT NULL, borrower BLOB NOT NULL,
  state TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (tenant, external_id)) STRICT, WITHOUT ROWID;
CREATE INDEX account_tenant ON account(tenant);

CREATE TABLE submitted(account BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Narrow, one row an account, also before it has a plan (planned = 0): the accounts of a borrower
-- are found here, and all plans are read at start.
CREATE TABLE plan(
  borrower BLOB NOT NULL, account BLOB NOT NULL, tenant TEXT NOT NULL, planned INTEGER NOT NULL,
  wake_at INTEGER, step INTEGER NOT NULL, last_sent_at INTEGER, last_answer INTEGER NOT NULL,
  PRIMARY KEY (borrower, account)) STRICT, WITHOUT ROWID;

CREATE TABLE event(
  borrower BLOB NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (borrower, id)) STRICT, WITHOUT ROWID;

CREATE TABLE attempt(
  id BLOB PRIMARY KEY, tenant TEXT NOT NULL, borrower BLOB NOT NULL, state TEXT NOT NULL,
  body BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_borrower ON attempt(borrower);

CREATE TABLE link(
  tenant TEXT NOT NULL, digest BLOB NOT NULL, borrower BLOB NOT NULL,
  PRIMARY KEY (tenant, digest, borrower)) STRICT, WITHOUT ROWID;

CREATE TABLE pause(
  tenant TEXT NOT NULL, jurisdiction TEXT NOT NULL, channel TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (tenant, jurisdiction, channel)) STRICT, WITHOUT ROWID;

CREATE TABLE request(
  tenant TEXT NOT NULL, caller TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL,
  body_digest BLOB NOT NULL, result BLOB NOT NULL,
  PRIMARY KEY (tenant, caller, method, request_id)) STRICT, WITHOUT ROWID;
)sql";

// Writer and readers alike; the writer's are in kWriterPragmas. page cache sizes are in KiB.
inline constexpr char kCommonPragmas[] =
    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;"
    "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0;";
// FULL: a commit is synced before it is answered. 64 MB keep the pages that intake and contacts
// come back to.
inline constexpr char kWriterPragmas[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;";
inline constexpr char kReaderPragmas[] = "PRAGMA query_only=ON; PRAGMA cache_size=-4096;";

// The writer copies the WAL into the database when it is this long (the default of 1,000 pages
// halves the rate), or when nothing has been asked of it for kIdleBeforeCheckpoint.
inline constexpr int64_t kCheckpointBytes = 80LL * 1024 * 1024;

}  // namespace forbear::sqlite
