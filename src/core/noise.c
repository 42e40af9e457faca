/* SPDX-License-Identifier: MIT */
/* Noise_IKpsk2 on the fields of messages. Each function follows the order of the paper's section
 * that it names; C, H, kappa and tau of the paper are chaining, hash, key and tau here. */
#include "core/noise.h"

#include <sodium.h>
#include <xtunnel/error.h>

#include "base/text.h"
#include "crypto/aead_once.h"
#include "crypto/dh.h"
#include "crypto/kdf.h"

static const char construction[] = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
static const char identifier[] = "WireGuard v1 zx2c4 Jason@zx2c4.com";

static void hash_mix(uint8_t hash[XT_HASH_LEN], const void *data, size_t len)
{
	const struct xt_piece row[] = {{hash, XT_HASH_LEN}, {data, len}};

	xt_blake2s(hash, row, XT_LEN(row));
}

static int dh_mix(uint8_t chaining[XT_HASH_LEN], uint8_t *key, const struct xt_private *scalar,
		  const struct xt_public *point)
{
	uint8_t shared[XT_DH_LEN];
	int err = xt_dh_shared(shared, scalar, point);

	if (err == 0 && key != NULL)
		xt_kdf2(chaining, key, chaining, shared, sizeof(shared));
	else if (err == 0)
		xt_kdf1(chaining, chaining, shared, sizeof(shared));
	xt_wipe(shared, sizeof(shared));
	return err;
}

static int static_static_mix(uint8_t chaining[XT_HASH_LEN], uint8_t key[XT_HASH_LEN],
			     const struct xt_noise_peer *peer)
{
	if (sodium_is_zero(peer->static_static, sizeof(peer->static_static)))
		return XT_E_AUTH;
	xt_kdf2(chaining, key, chaining, peer->static_static, sizeof(peer->static_static));
	return 0;
}

static void psk_mix(uint8_t chaining[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN],
		    uint8_t key[XT_HASH_LEN], const struct xt_psk *psk)
{
	uint8_t tau[XT_HASH_LEN];

	xt_kdf3(chaining, tau, key, chaining, psk->b, sizeof(psk->b));
	hash_mix(hash, tau, sizeof(tau));
	xt_wipe(tau, sizeof(tau));
}

static void field_seal(uint8_t *out, const void *plain, size_t len, const uint8_t key[XT_HASH_LEN],
		       uint8_t hash[XT_HASH_LEN])
{
	xt_aead_once_seal(out, plain, len, hash, XT_HASH_LEN, key, 0);
	hash_mix(hash, out, len + XT_TAG_LEN);
}

static int field_open(uint8_t *out, const uint8_t *sealed, size_t len,
		      const uint8_t key[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN])
{
	if (!xt_aead_once_open(out, sealed, len, hash, XT_HASH_LEN, key, 0))
		return XT_E_AUTH;
	hash_mix(hash, sealed, len + XT_TAG_LEN);
	return 0;
}

void xt_noise_start(uint8_t chaining[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN])
{
	xt_blake2s(chaining, &(struct xt_piece){construction, sizeof(construction) - 1}, 1);
	memcpy(hash, chaining, XT_HASH_LEN);
	hash_mix(hash, identifier, sizeof(identifier) - 1);
}

static void handshake_begin(struct xt_noise_handshake *hs, const struct xt_public *responder)
{
	xt_noise_start(hs->chaining, hs->hash);
	hash_mix(hs->hash, responder->b, sizeof(responder->b));
}

/* E_pub of either side is hashed and mixed into C. */
static void ephemeral_mix(uint8_t chaining[XT_HASH_LEN], uint8_t hash[XT_HASH_LEN],
			  const struct xt_public *ephemeral)
{
	hash_mix(hash, ephemeral->b, sizeof(ephemeral->b));
	xt_kdf1(chaining, chaining, ephemeral->b, sizeof(ephemeral->b));
}

/* Keep only the indices: the caller's tables use them. */
static void handshake_end(struct xt_noise_handshake *hs)
{
	const uint32_t local = hs->local_index, remote = hs->remote_index;

	xt_noise_handshake_clear(hs);
	hs->local_index = local;
	hs->remote_index = remote;
}

void xt_noise_handshake_clear(struct xt_noise_handshake *hs)
{
	xt_wipe(hs, sizeof(*hs));
}

void xt_noise_local_set(struct xt_noise_local *local, const struct xt_private *key)
{
	if (key == NULL || sodium_is_zero(key->b, sizeof(key->b))) {
		xt_wipe(local, sizeof(*local));
		return;
	}
	local->private_key = *key;
	xt_dh_clamp(&local->private_key);
	xt_dh_public(&local->public_key, &local->private_key);
	local->has_key = true;
}

void xt_noise_peer_set(struct xt_noise_peer *peer, const struct xt_noise_local *local,
		       const struct xt_public *remote)
{
	peer->remote = *remote;
	if (!local->has_key)
		xt_wipe(peer->static_static, sizeof(peer->static_static));
	else /* a refused key leaves it wiped */
		(void)xt_dh_shared(peer->static_static, &local->private_key, remote);
}

/* 5.4.2. */
int xt_noise_initiate(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
		      const struct xt_noise_peer *peer, const struct xt_private *random,
		      const uint8_t timestamp[XT_TIMESTAMP_LEN], uint32_t index,
		      struct xt_msg_initiation *out)
{
	uint8_t key[XT_HASH_LEN] = {0};
	int err = XT_E_NOKEY;

	xt_noise_handshake_clear(hs);
	memset(out, 0, sizeof(*out));
	if (!local->has_key)
		goto out;
	hs->ephemeral = *random;
	xt_dh_clamp(&hs->ephemeral);
	out->type = xt_le32_of(XT_MSG_INITIATION);
	out->sender = xt_le32_of(index);

	handshake_begin(hs, &peer->remote);
	xt_dh_public(&out->ephemeral, &hs->ephemeral);
	ephemeral_mix(hs->chaining, hs->hash, &out->ephemeral);

	err = dh_mix(hs->chaining, key, &hs->ephemeral, &peer->remote);
	if (err != 0)
		goto out;
	field_seal(out->static_key, local->public_key.b, sizeof(local->public_key.b), key,
		   hs->hash);

	err = static_static_mix(hs->chaining, key, peer);
	if (err != 0)
		goto out;
	field_seal(out->timestamp, timestamp, XT_TIMESTAMP_LEN, key, hs->hash);

	hs->local_index = index;
	hs->state = XT_NOISE_INITIATION_SENT;
out:
	if (err != 0) {
		xt_noise_handshake_clear(hs);
		xt_wipe(out, sizeof(*out));
	}
	xt_wipe(key, sizeof(key));
	return err;
}

/* 5.4.2, from the other side, up to the initiator's static key. */
int xt_noise_read_initiation(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			     const struct xt_msg_initiation *msg, struct xt_public *remote)
{
	uint8_t key[XT_HASH_LEN] = {0};
	int err;

	xt_noise_handshake_clear(hs);
	if (!local->has_key)
		err = XT_E_NOKEY;
	else if (xt_le32_load(msg->type) != XT_MSG_INITIATION)
		err = XT_E_INVALID;
	else {
		handshake_begin(hs, &local->public_key);
		ephemeral_mix(hs->chaining, hs->hash, &msg->ephemeral);
		err = dh_mix(hs->chaining, key, &local->private_key, &msg->ephemeral);
	}
	if (err == 0)
		err = field_open(remote->b, msg->static_key, sizeof(remote->b), key, hs->hash);
	if (err == 0) {
		hs->remote_ephemeral = msg->ephemeral;
		hs->remote_index = xt_le32_load(msg->sender);
		hs->state = XT_NOISE_INITIATION_READ;
	} else {
		xt_noise_handshake_clear(hs);
		xt_wipe(remote, sizeof(*remote));
	}
	xt_wipe(key, sizeof(key));
	return err;
}

/* 5.4.2, the rest. A peer other than the one that read_initiation named has another static_static,
 * so that its timestamp does not open. */
int xt_noise_read_timestamp(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
			    const struct xt_msg_initiation *msg,
			    uint8_t timestamp[XT_TIMESTAMP_LEN])
{
	uint8_t key[XT_HASH_LEN] = {0};
	int err = XT_E_INVALID;

	if (hs->state == XT_NOISE_INITIATION_READ)
		err = static_static_mix(hs->chaining, key, peer);
	if (err == 0)
		err = field_open(timestamp, msg->timestamp, XT_TIMESTAMP_LEN, key, hs->hash);
	if (err == 0) {
		hs->state = XT_NOISE_INITIATION_CONSUMED;
	} else {
		xt_noise_handshake_clear(hs);
		xt_wipe(timestamp, XT_TIMESTAMP_LEN);
	}
	xt_wipe(key, sizeof(key));
	return err;
}

/* 5.4.3, then 5.4.5. */
int xt_noise_respond(struct xt_noise_handshake *hs, const struct xt_noise_peer *peer,
		     const struct xt_private *random, uint32_t index, struct xt_msg_response *out,
		     struct xt_noise_keys *keys)
{
	uint8_t key[XT_HASH_LEN] = {0};
	int err = XT_E_INVALID;

	memset(out, 0, sizeof(*out));
	if (hs->state != XT_NOISE_INITIATION_CONSUMED)
		goto out;
	hs->local_index = index;
	hs->ephemeral = *random;
	xt_dh_clamp(&hs->ephemeral);
	out->type = xt_le32_of(XT_MSG_RESPONSE);
	out->sender = xt_le32_of(index);
	out->receiver = xt_le32_of(hs->remote_index);

	xt_dh_public(&out->ephemeral, &hs->ephemeral);
	ephemeral_mix(hs->chaining, hs->hash, &out->ephemeral);
	err = dh_mix(hs->chaining, NULL, &hs->ephemeral, &hs->remote_ephemeral);
	if (err == 0)
		err = dh_mix(hs->chaining, NULL, &hs->ephemeral, &peer->remote);
	if (err != 0)
		goto out;
	psk_mix(hs->chaining, hs->hash, key, &peer->psk);
	field_seal(out->empty, NULL, 0, key, hs->hash);
	xt_kdf2(keys->recv, keys->send, hs->chaining, NULL, 0);
out:
	if (err != 0) {
		xt_wipe(out, sizeof(*out));
		xt_wipe(keys, sizeof(*keys));
	}
	handshake_end(hs);
	xt_wipe(key, sizeof(key));
	return err;
}

/* 5.4.3 from the other side, then 5.4.5. Works on copies, since the message may be forged. */
int xt_noise_read_response(struct xt_noise_handshake *hs, const struct xt_noise_local *local,
			   const struct xt_noise_peer *peer, const struct xt_msg_response *msg,
			   struct xt_noise_keys *keys)
{
	uint8_t chaining[XT_HASH_LEN], hash[XT_HASH_LEN], key[XT_HASH_LEN] = {0}, nothing[1];
	int err = 0;

	memcpy(chaining, hs->chaining, sizeof(chaining));
	memcpy(hash, hs->hash, sizeof(hash));
	if (hs->state != XT_NOISE_INITIATION_SENT || xt_le32_load(msg->type) != XT_MSG_RESPONSE ||
	    xt_le32_load(msg->receiver) != hs->local_index)
		err = XT_E_INVALID;
	else if (!local->has_key)
		err = XT_E_NOKEY;
	if (err != 0)
		goto out;

	ephemeral_mix(chaining, hash, &msg->ephemeral);
	err = dh_mix(chaining, NULL, &hs->ephemeral, &msg->ephemeral);
	if (err == 0)
		err = dh_mix(chaining, NULL, &local->private_key, &msg->ephemeral);
	if (err != 0)
		goto out;
	psk_mix(chaining, hash, key, &peer->psk);
	err = field_open(nothing, msg->empty, 0, key, hash);
	if (err != 0)
		goto out;
	xt_kdf2(keys->send, keys->recv, chaining, NULL, 0);
	hs->remote_index = xt_le32_load(msg->sender);
	handshake_end(hs);
out:
	if (err != 0)
		xt_wipe(keys, sizeof(*keys));
	xt_wipe(chaining, sizeof(chaining));
	xt_wipe(hash, sizeof(hash));
	xt_wipe(key, sizeof(key));
	return err;
}
