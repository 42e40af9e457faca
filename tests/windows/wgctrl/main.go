// SPDX-License-Identifier: MIT

// A client of the library wgctrl, as a program of Windows: what other tools see of an instance.
//
//	wgctrl list
//	wgctrl show NAME
//	wgctrl set NAME PEER [remove] [keepalive=SECONDS] [endpoint=IP:PORT] [psk=KEY] [allowed=CIDR,…]
//
// Exit status: 0; 3: there is no such device; 2: wrong words; 1: any other error.
//
// The library finds devices by the list of all pipes, which wine 8 does not have: it says
// ERROR_BAD_DEV_TYPE. Only then the variable WGCTRL_NAMES has names to look for in place of that
// list. All else is the library's: it opens the pipe, verifies that the system owns it, and speaks
// the protocol.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

const (
	pipes       = `\\.\pipe\ProtectedPrefix\Administrators\WireGuard\`
	wordsStatus = 2
	noneStatus  = 3
)

var (
	errWords         = errors.New("wrong words")
	waitNamedPipe    = windows.NewLazySystemDLL("kernel32.dll").NewProc("WaitNamedPipeW")
	errSemaphoreTime = windows.ERROR_SEM_TIMEOUT // every instance of the pipe has a client
)

func pipeExists(path string) bool {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return false
	}
	ok, _, err := waitNamedPipe.Call(uintptr(unsafe.Pointer(name)), 1)
	return ok != 0 || errors.Is(err, errSemaphoreTime)
}

// The library's field for such a function is for its own tests, so it has no other access.
func findReplace(client *wgctrl.Client, find func() ([]string, error)) {
	clients := reflect.ValueOf(client).Elem().FieldByName("cs")
	for i := 0; i < clients.Len(); i++ {
		field := clients.Index(i).Elem().Elem().FieldByName("find")
		if field.IsValid() {
			reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().
				Set(reflect.ValueOf(find))
		}
	}
}

func clientNew() (*wgctrl.Client, error) {
	client, err := wgctrl.New()
	if err != nil {
		return nil, err
	}
	if _, err = client.Devices(); !errors.Is(err, windows.ERROR_BAD_DEV_TYPE) {
		return client, nil
	}
	fmt.Fprintln(os.Stderr, "wgctrl: no list of pipes here; looking for", os.Getenv("WGCTRL_NAMES"))
	findReplace(client, func() (found []string, err error) {
		for _, name := range strings.Fields(os.Getenv("WGCTRL_NAMES")) {
			if pipeExists(pipes + name) {
				found = append(found, pipes+name)
			}
		}
		return found, nil
	})
	return client, nil
}

func list(client *wgctrl.Client) error {
	devices, err := client.Devices()
	for _, device := range devices {
		fmt.Printf("%s\t%s\t%d\n", device.Name, device.PublicKey, len(device.Peers))
	}
	return err
}

func show(client *wgctrl.Client, name string) error {
	device, err := client.Device(name)
	if err != nil {
		return err
	}
	fmt.Printf("interface %s\ntype %s\npublic %s\nport %d\n", device.Name, device.Type,
		device.PublicKey, device.ListenPort)
	for _, peer := range device.Peers {
		allowed := make([]string, len(peer.AllowedIPs))
		for i, network := range peer.AllowedIPs {
			allowed[i] = network.String()
		}
		fmt.Printf("peer %s\nendpoint %s\nallowed %s\nkeepalive %d\npsk %s\nhandshake %d\n"+
			"received %d\nsent %d\n", peer.PublicKey, peer.Endpoint, strings.Join(allowed, ","),
			int(peer.PersistentKeepaliveInterval.Seconds()), peer.PresharedKey,
			peer.LastHandshakeTime.Unix(), peer.ReceiveBytes, peer.TransmitBytes)
	}
	return nil
}

func peerWord(peer *wgtypes.PeerConfig, word string) error {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "remove":
		peer.Remove = true
	case "keepalive":
		seconds, err := strconv.Atoi(value)
		interval := time.Duration(seconds) * time.Second
		peer.PersistentKeepaliveInterval = &interval
		return err
	case "endpoint":
		address, err := net.ResolveUDPAddr("udp", value)
		peer.Endpoint = address
		return err
	case "psk":
		key, err := wgtypes.ParseKey(value)
		peer.PresharedKey = &key
		return err
	case "allowed":
		peer.ReplaceAllowedIPs = true
		for _, text := range strings.Split(value, ",") {
			_, network, err := net.ParseCIDR(text)
			if err != nil {
				return err
			}
			peer.AllowedIPs = append(peer.AllowedIPs, *network)
		}
	default:
		return errWords
	}
	return nil
}

func set(client *wgctrl.Client, name, key string, words []string) error {
	var (
		peer wgtypes.PeerConfig
		err  error
	)
	if peer.PublicKey, err = wgtypes.ParseKey(key); err != nil {
		return err
	}
	for _, word := range words {
		if err = peerWord(&peer, word); err != nil {
			return err
		}
	}
	return client.ConfigureDevice(name, wgtypes.Config{Peers: []wgtypes.PeerConfig{peer}})
}

func run(args []string) error {
	client, err := clientNew()
	if err != nil {
		return err
	}
	defer client.Close()
	switch {
	case len(args) == 1 && args[0] == "list":
		return list(client)
	case len(args) == 2 && args[0] == "show":
		return show(client, args[1])
	case len(args) >= 4 && args[0] == "set":
		return set(client, args[1], args[2], args[3:])
	}
	return errWords
}

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "wgctrl: %v\n", err)
	switch {
	case errors.Is(err, errWords):
		os.Exit(wordsStatus)
	case errors.Is(err, os.ErrNotExist):
		os.Exit(noneStatus)
	}
	os.Exit(1)
}
