// Checks an exported audit log with golang.org/x/mod/sumdb, whose authors never heard of this log:
// the checkpoint's signature, the root over all entries, and the proof that one entry is under it,
// made from the tiles alone.
//
//	verify EXPORT_DIR KEY_FILE SEQ
//
// Prints the leaf hash of entry SEQ and its proof. Exit 0 verified, 1 not, 2 wrong use. What the
// package does not know, the conditions on what entries say, is the business of verify.py.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// checkpoint opens the signed head. tlog.ParseTree expects another first line than ours, so the three
// lines are read here.
func checkpoint(dir, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, errors.New("not three lines that begin with the key's name")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the second line is no size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the third line is no root")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

// read returns the file of the first `tile.W` hashes or entries; a full one stands in for a partial.
func read(dir string, tile tlog.Tile) ([]byte, error) {
	full := tile
	full.W = 1 << tileHeight
	for _, candidate := range []tlog.Tile{full, tile} {
		// The package writes the height into the path and calls entries "data".
		path := strings.TrimPrefix(candidate.Path(), "tile/8/")
		path = strings.Replace(path, "data/", "entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, "tile", path))
		if !errors.Is(err, os.ErrNotExist) {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s is missing", tile.Path())
}

// entries returns the bytes of every entry under the checkpoint.
func entries(dir string, size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n<<tileHeight < size; n++ {
		width := size - n<<tileHeight
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		data, err := read(dir, tlog.Tile{H: tileHeight, L: -1, N: n, W: int(width)})
		if err != nil {
			return nil, err
		}
		for i := int64(0); i < width; i++ {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("bundle %d ends inside an entry", n)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
	}
	return all, nil
}

// hashes is the package's own way of keeping a tree: all hashes in one row.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

// tiles lets the package read hashes from the export's files, each one checked against the root.
type tiles struct{ dir string }

func (t tiles) Height() int                         { return tileHeight }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data, err := read(t.dir, tile)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is too short", tile.Path())
		}
		found[i] = data[:tile.W*tlog.HashSize]
	}
	return found, nil
}

func verify(dir, vkey string, seq int64) error {
	tree, err := checkpoint(dir, vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	fmt.Printf("signature  holds, over %d entries\n", tree.N)
	if seq >= tree.N {
		return fmt.Errorf("entry %d: not under this checkpoint", seq)
	}
	all, err := entries(dir, tree.N)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	var stored hashes
	for n, entry := range all {
		more, err := tlog.StoredHashes(int64(n), entry, stored)
		if err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return fmt.Errorf("root: %w", err)
	}
	if root != tree.Hash {
		return errors.New("root: the entries have another one than the checkpoint")
	}
	fmt.Printf("root       recomputed from the entries: %s\n", root)
	leaf := tlog.RecordHash(all[seq])
	proof, err := tlog.ProveRecord(tree.N, seq, tlog.TileHashReader(tree, tiles{dir}))
	if err != nil {
		return fmt.Errorf("proof of entry %d: %w", seq, err)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, seq, leaf); err != nil {
		return fmt.Errorf("proof of entry %d: %w", seq, err)
	}
	fmt.Printf("entry %-4d is under it: leaf %s\n", seq, leaf)
	for _, hash := range proof {
		fmt.Println("          ", hash)
	}
	return nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: verify EXPORT_DIR KEY_FILE SEQ")
		os.Exit(2)
	}
	key, err := os.ReadFile(os.Args[2])
	seq, err2 := strconv.ParseInt(os.Args[3], 10, 64)
	if err != nil || err2 != nil || seq < 0 {
		fmt.Fprintln(os.Stderr, "verify: no such key file, or no such entry")
		os.Exit(2)
	}
	if err := verify(os.Args[1], strings.TrimSpace(string(key)), seq); err != nil {
		fmt.Println("NOT verified:", err)
		os.Exit(1)
	}
	fmt.Println("verified")
}
